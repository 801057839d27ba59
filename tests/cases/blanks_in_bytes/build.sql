-- Text of white space in a column of bytes: bytes like any other, which empty text alone is not.
CREATE TABLE b(id INTEGER PRIMARY KEY, kept BLOB, nulled BLOB);
INSERT INTO b VALUES (1,x'00ff',x'00ff'),(2,'  ','  '),(3,char(10),char(10)),(4,'',''),(5,x'','a');
