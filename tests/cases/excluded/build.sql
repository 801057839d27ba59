-- Rows and tables that the plan leaves out: judged by the snapshot's values, whole in the audit trail.
CREATE TABLE keep(id INTEGER PRIMARY KEY, state TEXT, n INTEGER);
INSERT INTO keep VALUES (1,'open','x'),(2,'closed',2),(3,NULL,'y'),(4,'OPEN',4);
CREATE TABLE leave(id INTEGER PRIMARY KEY, v BLOB);
INSERT INTO leave VALUES (7,x'00ff'),(9,NULL);
