-- White space at the end of text and line breaks in a row: kept by default, settled by choice.
CREATE TABLE n(id INTEGER PRIMARY KEY, trimmed TEXT, single TEXT, both TEXT, kept TEXT);
INSERT INTO n VALUES (1,'a  ','a','a','a  '),(2,'  b' || char(9,10),'b','b','b');
INSERT INTO n VALUES (3,'c','c' || char(10,10,10) || 'd','c' || char(13,10,13,10) || ' d ' || char(10,10),'c' || char(10,10));
INSERT INTO n VALUES (4,'   ','e' || char(13) || 'f','',''),(5,'é' || char(160),'g' || char(10),NULL,NULL);
