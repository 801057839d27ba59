-- A column of settings: BLOBs, texts and numbers, none of which may be lost or guessed at.
CREATE TABLE settings(name TEXT PRIMARY KEY, value, note TEXT);
INSERT INTO settings VALUES ('version','6.0.15',NULL),('schema',8230813,'x'),('ratio',0.1,7),('data',x'789cec00ff',x'00ff'),('empty','',''),('none',NULL,NULL);
