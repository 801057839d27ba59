-- Seconds and milliseconds in one column, read as seconds because the plan says so: the others are beyond year 9999.
CREATE TABLE e(id INTEGER PRIMARY KEY, at DATETIME);
INSERT INTO e VALUES (1,1647950409),(2,1647950409737),(3,1647950411);
