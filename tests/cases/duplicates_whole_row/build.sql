-- Rows that are equal in every column, NULLs among them, after what the plan makes of them.
CREATE TABLE d(number INTEGER, name TEXT);
INSERT INTO d VALUES (1,'a'),(1,'a'),(NULL,'b'),(NULL,'b'),('1','a '),(1,'A'),(NULL,NULL),(NULL,NULL);
