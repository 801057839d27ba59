-- Empty text that the plan keeps in a type which cannot hold it: a misfit like any other.
CREATE TABLE e(id INTEGER PRIMARY KEY, widened REAL, nulled REAL, refused REAL, filled REAL, plain TEXT);
INSERT INTO e VALUES (1,1.5,1.5,1.5,1.5,'a'),(2,'','','1.5','','b'),(3,' ',' ',1.5,' ',''),(4,1.5,2.5,'',1.5,'c');
