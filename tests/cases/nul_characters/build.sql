-- NUL in a key, in a document, in a date and at the ends of text.
CREATE TABLE t(code TEXT PRIMARY KEY, doc JSON, day DATE, note TEXT NOT NULL);
INSERT INTO t VALUES ('a'||char(0),'{}','2025-05-20',char(0)),('b','{"a":"'||char(0)||'"}','2025-05-20'||char(0),'x'||char(0)||'y'),('c','[]','2025-05-21','z');
