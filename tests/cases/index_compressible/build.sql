-- A value of more than 2704 bytes in an index: compressed it fits, so the plain key stands.
CREATE TABLE t(id INTEGER PRIMARY KEY, url TEXT UNIQUE, note TEXT);
CREATE INDEX by_note ON t(note);
INSERT INTO t VALUES (1,printf('%.*c',4000,'x'),'short'),(2,'short',printf('%.*c',2704,'y'));
