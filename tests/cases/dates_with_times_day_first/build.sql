-- Columns declared DATE whose order of day and month the plan settles: with times of day they become timestamps.
CREATE TABLE t(id INTEGER PRIMARY KEY, times DATE, some DATE, midnights DATE, days DATE, label DATETIME);
INSERT INTO t VALUES
    (1,'03/04/2025 10:00','03/04/2025','03/04/2025 0:00','03/04/2025','03/04/2025'),
    (2,'05/06/2025 10:00','05/06/2025 10:00','05/06/2025','05/06/2025','05/06/2025'),
    (3,'07/08/2025 10:00','07/08/2025','07/08/2025','07/08/2025',NULL);
