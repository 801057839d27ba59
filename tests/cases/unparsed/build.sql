-- A view, a trigger and an index whose declarations do not parse: the table is read all the same.
CREATE TABLE kept(id INTEGER PRIMARY KEY, name TEXT);
CREATE INDEX over_name ON kept(name);
CREATE INDEX over_id_and_name ON kept(id, name);
CREATE VIEW shown AS SELECT name FROM kept;
CREATE TRIGGER fires AFTER INSERT ON kept BEGIN SELECT 1; END;
INSERT INTO kept VALUES (1,'a'),(2,NULL);
PRAGMA writable_schema=ON;
UPDATE sqlite_schema SET sql = 'CREATE VIEW shown AS SELEC name FROM ((kept' WHERE name = 'shown';
UPDATE sqlite_schema SET sql = 'CREATE INDEX over_name ON kept(gone)' WHERE name = 'over_name';
UPDATE sqlite_schema SET sql = 'CREATE TRIGGER fires AFTER INSERT ON nowhere BEGIN SELECT 1; END' WHERE name = 'fires';
