-- The target has the application's own table, seeded, and a view on it: they stay as they are beside the new release.
CREATE TABLE p45(id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO p45 VALUES (1,'source');
