-- VARCHAR(n) longer than n.
CREATE TABLE p01(id INTEGER PRIMARY KEY, name VARCHAR(10));
INSERT INTO p01 VALUES (1,'short'),(2,printf('%.*c',500,'x')),(3,'äöüäöüäöüä'),(4,'🙂🙂');
