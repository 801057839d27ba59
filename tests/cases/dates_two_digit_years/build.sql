-- Years of two digits: 69 is 1969 and 68 is 2068, as POSIX has it; in a column of text they are no proof of a date.
CREATE TABLE d(id INTEGER PRIMARY KEY, day DATE, at DATETIME, version TEXT, named DATE);
INSERT INTO d VALUES (1,'20/05/25','20/05/25 8:42','31.12.24','20-May-25'),(2,'31.12.69','31.12.69 8:42','13.1.25','1 Jan 69'),(3,'31-12-68','31-12-68 8:42','14.2.26','1 Jan 68');
