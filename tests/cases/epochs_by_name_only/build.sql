-- Names that promise a moment over numbers that are none: nothing is offered.
CREATE TABLE e(id INTEGER PRIMARY KEY, created_at INTEGER, timestamp INTEGER, julian_day REAL, date INTEGER, modified DATETIME);
INSERT INTO e VALUES (1,1,2024,17.5,20241301,1),(2,99,2023,2460311.5,20240101,2),(3,1700000000,2022,NULL,20240102,3);
