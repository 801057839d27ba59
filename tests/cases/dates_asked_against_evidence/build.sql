-- The operator says month first; a column whose own dates say day first stays day first.
CREATE TABLE d(id INTEGER PRIMARY KEY, opened DATE);
INSERT INTO d VALUES (1,'20/05/2025'),(2,'03/04/2025');
