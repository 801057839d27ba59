-- Seconds and milliseconds in one column: told apart, and not read before the operator says how.
CREATE TABLE e(id INTEGER PRIMARY KEY, at DATETIME, one_stray DATETIME);
INSERT INTO e VALUES (1,1647950409,1647950409),(2,1647950409737,1647950410),(3,1647950411,1647950411737000);
