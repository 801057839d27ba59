-- Months by name, short and long, in three orders.
CREATE TABLE d(id INTEGER PRIMARY KEY, at DATETIME, day DATE);
INSERT INTO d VALUES (1,'20 May 2025 8:42','20-MAY-2025'),(2,'May 20, 2025','September 3rd, 2025'),(3,'2025-May-20 08:42:00','1st Sept 2025'),(4,'20 december 2025, 10:00 PM','Feb. 28, 2025'),(5,'30 Feb 2025','31 April 2025');
