-- VARCHAR(n) that holds, in characters and not in bytes, and one that holds numbers.
CREATE TABLE v(id INTEGER PRIMARY KEY, fits VARCHAR(10), code CHAR(3), free TEXT, numbers VARCHAR(4), wide VARCHAR(10));
INSERT INTO v VALUES (1,'äöüäöüäöüä','ABC','short',12,'0123456789'),(2,'🙂🙂','DE','',12345,'0123456789X'),(3,'','','longer text',0.5,x'00');
