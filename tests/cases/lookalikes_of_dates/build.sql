-- Identifiers and versions that a reader of dates might take: none becomes a date.
CREATE TABLE x(id INTEGER PRIMARY KEY, version TEXT, number TEXT, part TEXT, ratio TEXT, month TEXT, built INTEGER);
INSERT INTO x VALUES (1,'1.2.13','2024-01-15-0007','12-05','1/2','2024-05',20240131),(2,'1.10.2','2024-01-16-0008','13-05','3/4','2024-06',20240230),(3,'2.0.31','2024-01-17-0009','14-05','10/12','2024-07',20240101);
