-- A condition over a table without rowid whose column is called true: to SQLite the word would be a value.
CREATE TABLE sides("TRUE" INTEGER PRIMARY KEY, n INTEGER) WITHOUT ROWID;
INSERT INTO sides VALUES (1,1),(2,0);
