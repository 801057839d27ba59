-- What the plan decides for one end of a foreign key: the other end follows, chains included, and the keys stand.
CREATE TABLE parent(id INTEGER PRIMARY KEY, code INT UNIQUE, guid BLOB UNIQUE);
CREATE TABLE child(id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent(id), code INT UNIQUE REFERENCES parent(code), guid BLOB REFERENCES parent(guid));
CREATE TABLE grandchild(id INTEGER PRIMARY KEY, code NUMERIC REFERENCES child(code));
INSERT INTO parent VALUES (1,10,x'00112233445566778899aabbccddeeff'),(2,20,x'0123456789abcdef0123456789abcdef');
INSERT INTO child VALUES (1,1,10,x'00112233445566778899aabbccddeeff'),(2,2,20,x'0123456789abcdef0123456789abcdef');
INSERT INTO grandchild VALUES (1,10),(2,20);
