-- Month, day, year: 13 and more in the second place settle the rest of the column.
CREATE TABLE d(id INTEGER PRIMARY KEY, day DATE, at DATETIME);
INSERT INTO d VALUES (1,'05/20/2025','05/20/2025 8:42'),(2,'05-20-2025','05-20-2025 08:42:05'),(3,'03/04/2025','03/04/2025 10:00'),(4,'7/7/2025','7/7/2025 0:00');
