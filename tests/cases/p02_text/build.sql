-- INTEGER column holding text / reals / empty strings.
CREATE TABLE p02(id INTEGER PRIMARY KEY, n INTEGER);
INSERT INTO p02 VALUES (1,1),(2,'abc'),(3,''),(4,12.5),(5,'false'),(6,NULL),(7,x'01'),(8,' 7 ');
