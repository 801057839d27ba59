-- Rows without a key that only a lost reference tells apart: as NULL they are equal in every column.
CREATE TABLE a(id INTEGER PRIMARY KEY);
CREATE TABLE dropped(a INTEGER REFERENCES a(id), note TEXT);
CREATE TABLE refused(a INTEGER REFERENCES a(id), note TEXT);
INSERT INTO a VALUES (1);
INSERT INTO dropped VALUES (98,'x'),(1,'x'),(99,'x'),(NULL,'x'),(1,'x'),(97,'y');
INSERT INTO refused SELECT * FROM dropped;
