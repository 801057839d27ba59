-- A default that is no value of its column's type: the plan is refused before anything is cleaned.
CREATE TABLE t(id INTEGER PRIMARY KEY, due DATE, amount DECIMAL(5,2));
INSERT INTO t VALUES (1,'2025-05-20',1.5),(2,NULL,NULL);
