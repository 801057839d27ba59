-- Times of day in every way they are written; 24:00:00 is one for PostgreSQL too.
CREATE TABLE c(id INTEGER PRIMARY KEY, clock TIME, ends TIME);
INSERT INTO c VALUES (1,'08:42:00','23:59:59'),(2,'8:42','24:00:00'),(3,'08:42:00.125','00:00:00'),(4,' 23:59 ','12:00:00'),(5,'8:42 PM','1:00');
