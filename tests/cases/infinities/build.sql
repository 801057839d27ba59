-- Infinity where double precision keeps it, and where no other type can.
CREATE TABLE f(id INTEGER PRIMARY KEY, r REAL, n NUMERIC, i INTEGER, u);
INSERT INTO f VALUES (1,9e999,9e999,9e999,9e999),(2,-9e999,2,3,4),(3,1.5,2.5,NULL,NULL);
