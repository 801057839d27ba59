-- One date in five that cannot be: below the confidence, so the column stays text as it is.
CREATE TABLE d(id INTEGER PRIMARY KEY, day DATE);
INSERT INTO d VALUES (1,'2025-05-20'),(2,'2025-05-21'),(3,'31/02/2025'),(4,'2025-05-23'),(5,'2025-05-24');
