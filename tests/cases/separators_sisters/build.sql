-- A value that can be read both ways is read as the marked numbers of the table's other columns say.
CREATE TABLE german(id INTEGER PRIMARY KEY, total TEXT, comma TEXT, point TEXT, unmarked TEXT, groups TEXT, plain TEXT);
INSERT INTO german VALUES (1,'1.234,56','1,234','1.234','12,50','412 345 678','12.50'),(2,'0,5','7','2.000','3,99','412 345 679','1.234');
CREATE TABLE english(id INTEGER PRIMARY KEY, total TEXT, comma TEXT, point TEXT);
INSERT INTO english VALUES (1,'1,234.56','1,234','1.234'),(2,'-7.5','7','2.000');
CREATE TABLE disagreeing(id INTEGER PRIMARY KEY, one TEXT, other TEXT, comma TEXT);
INSERT INTO disagreeing VALUES (1,'1,234.56','1.234,56','1,234');
