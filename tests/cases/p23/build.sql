-- Index rows over 2704 bytes, which compress or do not.
CREATE TABLE p23(id INTEGER PRIMARY KEY, url TEXT UNIQUE);
WITH RECURSIVE digits(n, x) AS (
    SELECT 1, 12345 UNION ALL SELECT n + 1, (x * 1103515245 + 12345) % 2147483648 FROM digits WHERE n < 1000
)
INSERT INTO p23 SELECT 1, group_concat(printf('%08x', x), '') FROM digits;
INSERT INTO p23 VALUES (2, 'short');
