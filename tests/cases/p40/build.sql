-- Constraint/index name clashes in one PG schema.
CREATE TABLE p40(id INTEGER PRIMARY KEY, a TEXT UNIQUE);
CREATE TABLE p40_pkey(id INTEGER PRIMARY KEY, p40_a_key TEXT UNIQUE);
CREATE INDEX p40_a_key ON p40_pkey(id);
