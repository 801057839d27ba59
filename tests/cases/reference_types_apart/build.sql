-- Two types that PostgreSQL does not compare, decided for the two ends of a foreign key.
CREATE TABLE parent(id INTEGER PRIMARY KEY);
CREATE TABLE child(id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent(id));
INSERT INTO parent VALUES (1),(2);
INSERT INTO child VALUES (1,1),(2,2);
