-- Day, month, year with three separators: 13 and more settle the rest of the column.
CREATE TABLE d(id INTEGER PRIMARY KEY, day DATE, at DATETIME);
INSERT INTO d VALUES (1,'20/05/2025','20/05/2025 8:42'),(2,'20-05-2025','20-05-2025 08:42:05'),(3,'20.05.2025','20.05.2025 8:42'),(4,'03/04/2025','03/04/2025 10:00'),(5,'7/7/2025','7/7/2025 0:00');
