-- What is told of decisions: another name, NULL where none may be, dates and counts in doubt kept as text.
CREATE TABLE "Order Items"(id INTEGER PRIMARY KEY, amount INTEGER, opened DATE, counted DATETIME);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<23)
INSERT INTO "Order Items" SELECT i, nullif(i, 9), printf('2025-01-%02d', i), 669643209 + i FROM n;
INSERT INTO "Order Items" VALUES (24,24,'03/04/2025','soon');
PRAGMA writable_schema=ON;
UPDATE sqlite_master SET sql = replace(sql, 'amount INTEGER', 'amount INTEGER NOT NULL') WHERE type = 'table';
