-- Bytes of other encodings: all of them Windows-1252, some of them none of that.
CREATE TABLE t(id INTEGER PRIMARY KEY, western TEXT, broken TEXT, code TEXT UNIQUE);
INSERT INTO t VALUES (1,CAST(x'6361e9' AS TEXT),CAST(x'81' AS TEXT),CAST(x'e9' AS TEXT)),(2,CAST(x'80e0' AS TEXT),CAST(x'6361e9' AS TEXT),'é'),(3,'café','ok','ok');
