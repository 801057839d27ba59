-- Columns called true and false: SQLite knows no derived column of such a name, and takes the word for a value.
CREATE TABLE sides("TRUE" INTEGER, "False" TEXT, n DATE, PRIMARY KEY ("TRUE", "False")) WITHOUT ROWID;
CREATE TABLE uses(id INTEGER PRIMARY KEY, "true" INTEGER REFERENCES parents("TRUE"));
CREATE TABLE below(id INTEGER PRIMARY KEY, up INTEGER REFERENCES uses(id));
CREATE TABLE parents("TRUE" INTEGER PRIMARY KEY, name TEXT);
INSERT INTO parents VALUES (1,'a'),(2,'b');
INSERT INTO uses VALUES (1,1),(2,7),(3,NULL);
INSERT INTO below VALUES (1,1),(2,2);
INSERT INTO sides VALUES (1,'x','2025-05-20'),(1,'y','20/05/2025'),(2,'x','31/02/2025'),(3,'x',NULL);
