-- Dates and times in many forms under the types that the plan names.
CREATE TABLE t(id INTEGER PRIMARY KEY, local TEXT, unix REAL, day TEXT, clock TEXT, lasted TEXT);
INSERT INTO t VALUES (1,'2024-07-01 12:00:00',1647950409.123456789,'20/05/2025','7:05','1:02:03');
INSERT INTO t VALUES (2,'2024-12-01 12:00:00',0.5,'2025-05-20 00:00:00','07:05:00','-00:05:00');
INSERT INTO t VALUES (3,'2024-10-27 02:30:00',-1.0,'2025-05-20 08:42:00','25:00','an hour');
