-- Separators in numbers, each column with values that say which of them stands before the fraction.
CREATE TABLE text(id INTEGER PRIMARY KEY, german TEXT, english TEXT, french TEXT, swiss TEXT, untyped);
INSERT INTO text VALUES (1,'1.234,56','1,234,567.89','1'||char(0xa0)||'234,56','1''234.50','1.234,5');
INSERT INTO text VALUES (2,'12,50','12.50','-0,5','12.5','7');
INSERT INTO text VALUES (3,'1.000','1,000','1'||char(0x202f)||'000','1'||char(0x2019)||'000','-1,567');
INSERT INTO text VALUES (4,'1.234.567','42','1 000 000','-3','');
CREATE TABLE declared(id INTEGER PRIMARY KEY, price DECIMAL(10,2), whole INTEGER, spaced INTEGER, real REAL);
INSERT INTO declared VALUES (1,'12,50','1,234,567','1 213 000','1,5'),(2,'1.234,56','12,000','42','0,25'),(3,7.25,3,NULL,2.5);
