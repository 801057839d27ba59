-- A WITHOUT ROWID table with an index that covers every column, in another order than the key's.
CREATE TABLE p29_covered(k TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
CREATE INDEX p29_covering ON p29_covered(n);
INSERT INTO p29_covered VALUES ('a', 3), ('b', ''), ('c', 1), ('d', 'x');
