-- Empty database / empty tables / zero-column surprises / 0-byte file / not a database / encrypted.
CREATE TABLE p43(id INTEGER PRIMARY KEY, v TEXT NOT NULL DEFAULT 'x');
