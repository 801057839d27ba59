-- FTS, rtree, shadow, sqlite_stat, tables of unavailable modules.
CREATE VIRTUAL TABLE p41 USING fts5(title, body);
INSERT INTO p41 VALUES ('t','b');
CREATE TABLE p41_notes(x TEXT);
INSERT INTO p41_notes VALUES ('real user table that looks like a shadow');
ANALYZE;
