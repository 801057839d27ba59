-- NUL bytes in text.
CREATE TABLE p17(id INTEGER PRIMARY KEY, t TEXT);
INSERT INTO p17 VALUES (1,'a'||char(0)||'b'),(2,char(0)),(3,'ok'),(4,'{"x":"\u0000"}');
