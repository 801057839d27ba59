-- Nothing in the column settles it, and the table's other dates do.
CREATE TABLE d(id INTEGER PRIMARY KEY, opened DATE, closed DATE);
INSERT INTO d VALUES (1,'03/04/2025','20/05/2025'),(2,'05/06/2025','21/05/2025'),(3,'12/11/2025',NULL);
