-- The 12-hour clock: midnight is 12 AM, noon is 12 PM, and 13 PM is none.
CREATE TABLE d(id INTEGER PRIMARY KEY, at DATETIME, clock TIME);
INSERT INTO d VALUES (1,'20/05/2025 8:42 PM','8:42 PM'),(2,'20/05/2025 12:00 AM','12:00 AM'),(3,'20/05/2025 12:00:01 p.m.','12:00:01 p.m.'),(4,'May 20, 2025 8:42 am','8:42am'),(5,'20/05/2025 13:00 PM','13:00 PM');
