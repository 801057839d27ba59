-- Both orders beyond doubt in one column, and some in doubt; the operator's word is for columns without evidence too.
CREATE TABLE d(id INTEGER PRIMARY KEY, opened DATE, sister DATE);
INSERT INTO d VALUES (1,'20/05/2025','01/02/2025'),(2,'05/21/2025','02/03/2025'),(3,'03/04/2025',NULL);
