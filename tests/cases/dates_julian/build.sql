-- Julian days in columns of dates: kept to the millisecond, told from other numbers by their range.
CREATE TABLE d(id INTEGER PRIMARY KEY, at DATETIME, jd REAL, weight REAL, start_jd REAL);
INSERT INTO d VALUES (1,2460816.3625,2460816.3625,2460816.3625,2460816.3625),(2,2440587.5,2440587.5,1.5,2440587.5),(3,2460311.000011574,NULL,NULL,2500000.5);
