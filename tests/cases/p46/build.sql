-- A table of some thousand rows comes whole: none missing, none twice. Kills in the middle are in tests/faults.
CREATE TABLE p46(id INTEGER PRIMARY KEY, v TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO p46 SELECT i, 'v'||i FROM n;
