-- Keys of a generator of unique numbers, which leave billions of rowids between two rows, and one at the far end.
CREATE TABLE posts(id INTEGER PRIMARY KEY, author INTEGER, digest TEXT);
WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 5999)
INSERT INTO posts SELECT 100000000000000000 + i * i * 3000000019, 9007199254740993 + i % 4000, printf('%08x%07d', i * 7919, i) FROM n;
INSERT INTO posts VALUES (9223372036854775807, 9007199254740993, 'ffffffff0000000');
