-- Nothing settles it: the dates stay text, counted.
CREATE TABLE d(id INTEGER PRIMARY KEY, opened DATE, note TEXT);
INSERT INTO d VALUES (1,'03/04/2025','x'),(2,'05/06/2025','y'),(3,'07/07/2025','z'),(4,'12/11/2025',NULL);
