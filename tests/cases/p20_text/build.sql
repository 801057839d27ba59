-- BLOB in a text column / text in a BLOB column.
CREATE TABLE p20(id INTEGER PRIMARY KEY, b BLOB, t TEXT);
INSERT INTO p20 VALUES (1,'LS0tLS1CRUdJTg==',x'68656c6c6f'),(2,x'00ff00','plain'),(3,x'',''),(4,NULL,x'ff');
