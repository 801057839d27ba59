-- FK type mismatch / parent not unique / parent missing / implicit parent PK / case-different names.
CREATE TABLE p32p(id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE p32c(id INTEGER PRIMARY KEY, pid NUMERIC REFERENCES P32P, code TEXT REFERENCES p32p(code), z INT REFERENCES nowhere(id), "references" INTEGER REFERENCES p32p(id));
INSERT INTO p32p VALUES (1,'a'); INSERT INTO p32c VALUES (1,1,'a',NULL,1);
