-- One type for every column that foreign keys tie together, through chains and cycles; text spoils none but its own.
CREATE TABLE country(code VARCHAR(2) PRIMARY KEY);
CREATE TABLE person(id INTEGER PRIMARY KEY, country CHAR(2) REFERENCES country(code), boss NUMERIC REFERENCES person(id));
CREATE TABLE pet(id INT PRIMARY KEY, owner TEXT REFERENCES person(id), friend REAL REFERENCES pet(id));
CREATE TABLE toy(pet VARCHAR(10) REFERENCES pet(id), shop INT REFERENCES shop(id));
CREATE TABLE shop(id TEXT PRIMARY KEY);
INSERT INTO country VALUES ('DE'),('AU');
INSERT INTO person VALUES (1,'DE',NULL),(2,'AU',1);
INSERT INTO pet VALUES (10,'1',NULL),(11,'2',10);
INSERT INTO toy VALUES ('10',5),('11','B');
INSERT INTO shop VALUES ('5'),('B');
