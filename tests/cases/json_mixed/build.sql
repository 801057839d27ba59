-- JSON with text that is none, numbers beside documents, and documents in columns of text.
CREATE TABLE j(id INTEGER PRIMARY KEY, doc JSON, mixed JSON, numbers JSON, text TEXT, strict JSONB);
INSERT INTO j VALUES (1,'{"a":1}','{"a":1}',5,'{"a":1}','{"b":1.0,"a":2,"a":3}'),(2,'[]','plain words',1.5,'[1,2]','null'),(3,'"x"','{"a":',NULL,'not json','"\ud800"'),(4,NULL,'NaN','{}',NULL,NULL);
