-- Seconds that may count from 1970 or 2001 with nothing beside them that tells; whole days and small numbers are neither.
CREATE TABLE e(id INTEGER PRIMARY KEY, at DATETIME, born DATE, minutes TIMESTAMP);
INSERT INTO e VALUES (1,669643209,441763200,90),(2,769423320,452304000,12000000),(3,0,321062400,NULL);
CREATE TABLE old(id INTEGER PRIMARY KEY, posted DATETIME);
INSERT INTO old VALUES (1,1009843200),(2,1199145601);
