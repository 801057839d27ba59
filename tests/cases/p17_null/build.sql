-- NUL bytes that the plan quarantines, in a column whose other misfits become NULL.
CREATE TABLE t(id INTEGER PRIMARY KEY, short TEXT, latin TEXT);
INSERT INTO t VALUES (1,'a'||char(0)||'b','x'),(2,'abcd',CAST(x'ff' AS TEXT)),(3,'ok','y'),(4,'z',CAST(x'ff00' AS TEXT));
