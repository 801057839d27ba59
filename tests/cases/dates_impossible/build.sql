-- Dates that no calendar has, one in thirty, and what each is called.
CREATE TABLE d(id INTEGER PRIMARY KEY, day DATE, at DATETIME NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<120) INSERT INTO d SELECT i, '2025-05-' || printf('%02d', 1 + i % 31), '2025-05-20 08:42:00' FROM n;
UPDATE d SET day = '31/02/2025' WHERE id = 7;
UPDATE d SET day = '0000-00-00' WHERE id = 8;
UPDATE d SET day = '1900-02-29' WHERE id = 9;
UPDATE d SET day = '2025-13-01' WHERE id = 10;
UPDATE d SET at = '2025-05-20 24:00:00' WHERE id = 11;
UPDATE d SET at = '0000-00-00 00:00:00' WHERE id = 12;
UPDATE d SET at = '2025-05-20 08:60' WHERE id = 13;
UPDATE d SET at = '2025-06-31T10:00:00Z' WHERE id = 14;
