-- Unique indexes that do not hold what their tables do, as damage leaves them: the rows themselves tell what is unique.
CREATE TABLE one(id INTEGER PRIMARY KEY, code TEXT, n INT);
CREATE TABLE two(id INTEGER PRIMARY KEY, a INT, b TEXT COLLATE NOCASE);
CREATE UNIQUE INDEX codes ON one(id);
CREATE UNIQUE INDEX pairs ON two(id);
INSERT INTO one VALUES (1,'a',1),(2,'a',2),(3,'b',3),(4,NULL,4),(5,NULL,5);
INSERT INTO two VALUES (1,1,'x'),(2,1,'X'),(3,2,'x'),(4,1,NULL),(5,1,NULL);
PRAGMA writable_schema=ON;
UPDATE sqlite_master SET sql = replace(sql, '(id)', '(code)') WHERE name = 'codes';
UPDATE sqlite_master SET sql = replace(sql, '(id)', '(a, b)') WHERE name = 'pairs';
