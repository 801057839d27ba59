-- BLOBs that the plan reads as text: in columns of BLOBs alone, with text beside, of a length, and what is no text.
CREATE TABLE t(id INTEGER PRIMARY KEY, all_text TEXT, some_text TEXT, sized VARCHAR(10), bytes BLOB);
INSERT INTO t VALUES
    (1,x'68656c6c6f',x'68656c6c6f20',x'c3a9','text'),
    (2,x'c3a9','plain','short',x'6279746573'),
    (3,x'',x'4e2f41','5',x''),
    (4,x'f09f9982',x'',CAST(x'e9' AS TEXT),NULL),
    (5,NULL,x'',x'00',x'68'),
    (6,x'61',x'e9',NULL,NULL),
    (7,x'62','',x'6c6f6e676572207468616e2074656e',NULL);
