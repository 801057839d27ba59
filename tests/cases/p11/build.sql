-- One column, several storage classes (untyped/ANY).
CREATE TABLE p11(k TEXT PRIMARY KEY, v);
INSERT INTO p11 VALUES ('i',42),('r',1.5),('t','x'),('b',x'00ff'),('n',NULL);
