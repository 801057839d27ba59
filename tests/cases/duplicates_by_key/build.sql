-- Rows that repeat what is a key to the operator and to no declaration; a NULL in it repeats nothing.
CREATE TABLE d(id INTEGER PRIMARY KEY, number TEXT, place TEXT, note TEXT);
INSERT INTO d VALUES (1,'A','x','first'),(2,'A','x','last'),(3,'A','y','other'),(4,NULL,'x','one'),(5,NULL,'x','two');
