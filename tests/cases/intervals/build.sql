-- Durations: beyond a day, negative, with fractions; words and ISO 8601 durations are none that is read.
CREATE TABLE i(id INTEGER PRIMARY KEY, lasted INTERVAL, took TIME, said INTERVAL);
INSERT INTO i VALUES (1,'36:00:00','100:00','2 days'),(2,'-0:05','00:00:01.5','P1DT2H'),(3,'+1:02:03','7:05','01:00:00');
