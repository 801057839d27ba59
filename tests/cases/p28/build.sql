-- No primary key; rowid as the only key; a column *named* rowid.
CREATE TABLE p28(v TEXT);
INSERT INTO p28 VALUES ('dup'),('dup'),(NULL),(NULL);
CREATE TABLE p28s("rowid" TEXT, "_rowid_" TEXT, "oid" TEXT, v TEXT);
INSERT INTO p28s VALUES ('a','b','c','d'),(NULL,NULL,NULL,'e');
