-- Zero/negative/huge rowids.
CREATE TABLE p26(id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO p26 VALUES (-5,'n'),(0,'z'),(9223372036854775807,'max');
