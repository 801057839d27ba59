-- BLOBs in columns of text that are UTF-8 throughout, partly and not at all: nothing is decoded by guess.
CREATE TABLE t(id INTEGER PRIMARY KEY, all_text TEXT, some_text TEXT, no_text VARCHAR(10));
INSERT INTO t VALUES (1,x'68656c6c6f',x'68656c6c6f',x'ff'),(2,x'c3a9','plain',x'00ff'),(3,x'',x'ff',x'80');
