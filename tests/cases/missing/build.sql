-- What may mean NULL: empty text, blanks, placeholders; and what the plan puts in its place.
CREATE TABLE m(id INTEGER PRIMARY KEY, plain TEXT, due TIMESTAMP, count INTEGER, required INTEGER NOT NULL);
INSERT INTO m VALUES (1,'','','',1),(2,'  ','  ','  ',2),(3,'N/A','-','?',5),(4,NULL,NULL,NULL,6),(5,'x','-',1,'');
