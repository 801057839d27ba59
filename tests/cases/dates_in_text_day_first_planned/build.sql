-- As dates_in_text_day_first, where the plan says so of each column: the same comes of it.
CREATE TABLE d(id INTEGER PRIMARY KEY, opened TEXT, seen TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<19)
INSERT INTO d SELECT i, printf('%02d/%02d/%d', 1 + i % 11, 2 + i % 11, 2000 + i), NULL FROM n;
INSERT INTO d VALUES (20,'31/02/2025','03/04/2025 10:00');
