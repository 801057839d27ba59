-- Durations: beyond a day, negative, with fractions, in ISO 8601 and in PostgreSQL's words; in text they are offered, never taken.
CREATE TABLE i(id INTEGER PRIMARY KEY, lasted INTERVAL, took TIME, iso INTERVAL, said INTERVAL, note TEXT, part TEXT);
INSERT INTO i VALUES (1,'36:00:00','100:00','P1DT2H','2 days','PT5M','P1'),(2,'-0:05','00:00:01.5','PT1M30.5S','a while','PT1H30M','P2D'),(3,'+1:02:03','7:05','P1Y14M2W','01:00:00','P3D','P-7');
