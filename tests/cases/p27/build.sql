-- NULLs in a primary key.
CREATE TABLE p27(code TEXT PRIMARY KEY, v TEXT);
INSERT INTO p27 VALUES ('a','1'),(NULL,'2'),(NULL,'3');
