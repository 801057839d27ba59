-- Separators that nothing settles: counted, told, and left as they are.
CREATE TABLE comma(id INTEGER PRIMARY KEY, text TEXT, money DECIMAL(10,2), whole INTEGER);
INSERT INTO comma VALUES (1,'1,234','1,234','1,234'),(2,'56',7,8);
CREATE TABLE point(id INTEGER PRIMARY KEY, text TEXT);
INSERT INTO point VALUES (1,'1.234'),(2,'56');
CREATE TABLE both(id INTEGER PRIMARY KEY, text TEXT, money DECIMAL(10,2));
INSERT INTO both VALUES (1,'12,50','1.234,56'),(2,'12.50','1,234.56');
CREATE TABLE lists(id INTEGER PRIMARY KEY, pairs TEXT, triples TEXT, words TEXT);
INSERT INTO lists VALUES (1,'12,50','101,205,309','1.234,56'),(2,'3,7','100,200,300','pending');
