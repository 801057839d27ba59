-- Values that are a placeholder, or empty, only once they are converted.
CREATE TABLE m(id INTEGER PRIMARY KEY, code NUMERIC, note TEXT, due TIMESTAMP);
INSERT INTO m VALUES (1,'7','N/A'||char(0),'01/01/1900 0:00'),(2,'8',char(0),'13/05/2024 8:42');
INSERT INTO m VALUES (3,x'37','N/A','1900-01-01 00:00:00'),(4,NULL,'x','20/05/2024 8:42');
