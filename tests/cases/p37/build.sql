-- Generated columns.
CREATE TABLE p37(id INTEGER PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a*2) VIRTUAL, s TEXT AS (upper(a)||'-'||id) STORED, j TEXT AS (strftime('%Y',a,'unixepoch')));
INSERT INTO p37(id,a) VALUES (1,10);
