-- Telephone numbers, of which one is written as a plain number that could be a moment: it tells nothing of the column.
CREATE TABLE s(id INTEGER PRIMARY KEY, phone TEXT);
INSERT INTO s VALUES (1,'(171) 555-2222'),(2,'031-987 65 43'),(3,'43844108'),(4,'85.57.00.07');
