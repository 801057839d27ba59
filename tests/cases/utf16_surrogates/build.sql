-- A database in UTF-16 of the other byte order, with halves of surrogate pairs: one at the end of a text, which no
-- encoding can mean, and one before a letter, which SQLite itself reads as another character.
PRAGMA encoding = 'UTF-16be';
CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT, w TEXT);
INSERT INTO t VALUES
    (1, 'café', '🙂'),
    (2, CAST(x'0041d800' AS TEXT), 'whole'),
    (3, CAST(x'd8000041' AS TEXT), 'before a letter'),
    (4, '', CAST(x'00e9' AS TEXT)),
    (5, x'00410042', 'a BLOB of UTF-16'),
    (6, 'a BLOB of UTF-8', x'c3a9');
