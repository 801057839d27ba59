-- 'NaN' as text in a column of doubles: shown, and NULL only by rule.
CREATE TABLE x(id INTEGER PRIMARY KEY, r REAL);
INSERT INTO x VALUES (1,1.5),(2,'NaN'),(3,'-Inf'),(4,NULL);
