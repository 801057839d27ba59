-- A database in UTF-16 with BLOBs among texts and numbers, which no text can be made of.
PRAGMA encoding = 'UTF-16be';
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, price NUMERIC, at TIMESTAMP);
INSERT INTO t VALUES (1,'é',1.5,'2025-05-20 10:00:00'),(2,x'c3',2,NULL),(3,'c',x'ff00',NULL),(4,'d',4,x'fe');
