-- More digits than a double holds: kept where they are text or integers, already lost where SQLite made a REAL of them.
CREATE TABLE x(id INTEGER PRIMARY KEY, price DECIMAL(20,4), amount NUMERIC(18,2), wide NUMERIC, exact TEXT);
INSERT INTO x VALUES (1,1234567890123456.7891,1234567890123456,9007199254740993,'1234567890123456.7891'),(2,19.99,19.99,0.1,'19.99'),(3,1e-4,NULL,-9223372036854775808,'0.0001');
