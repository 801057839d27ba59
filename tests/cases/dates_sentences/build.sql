-- Weekdays before the date: RFC 2822, HTTP, RFC 850, ctime() and the date command.
CREATE TABLE d(id INTEGER PRIMARY KEY, at DATETIME, day DATE);
INSERT INTO d VALUES (1,'Tue, 20 May 2025 08:42:00 +1000','Tuesday, May 20, 2025'),(2,'Tue, 20 May 2025 08:42:00 GMT','Tue 20 May 2025'),(3,'Tuesday, 20-May-25 08:42:00 GMT','Tue, 20 May 2025');
INSERT INTO d VALUES (4,'Tue May 20 08:42:00 UTC 2025',NULL),(5,'Tue May  6 08:42:00 2025',NULL),(6,'Wed, 21 May 2025 00:00:00 -0000',NULL);
