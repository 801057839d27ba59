-- Huge values and memory.
CREATE TABLE p22(id INTEGER PRIMARY KEY, b BLOB);
INSERT INTO p22 VALUES (1,zeroblob(5000000)),(2,randomblob(2000000)),(3,zeroblob(0));
