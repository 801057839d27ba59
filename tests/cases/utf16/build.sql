-- A database in UTF-16: read as any other.
PRAGMA encoding = 'UTF-16le';
CREATE TABLE t(id INTEGER PRIMARY KEY, name VARCHAR(5), born DATE, doc JSON);
INSERT INTO t VALUES (1,'café','2025-05-20','{"é":1}'),(2,'🙂🙂🙂🙂🙂','20/05/2025','[]'),(3,'a'||char(0)||'b',NULL,NULL);
