"""Tables, keys and indexes under a collation of the application, in an order of its own."""

import sqlite3


def build(connection: sqlite3.Connection) -> None:
    connection.create_collation("BACKWARDS", lambda left, right: (left < right) - (left > right))
    connection.executescript(
        """
        CREATE TABLE words(k TEXT COLLATE BACKWARDS PRIMARY KEY, v TEXT) WITHOUT ROWID;
        INSERT INTO words VALUES ('a', '1'), ('b', '2'), ('c', NULL);
        CREATE INDEX by_value ON words(v);
        CREATE TABLE uses(id INTEGER PRIMARY KEY, k TEXT COLLATE BACKWARDS UNIQUE REFERENCES words(k),
            w TEXT);
        CREATE INDEX by_word ON uses(w COLLATE BACKWARDS);
        INSERT INTO uses VALUES (1, 'b', 'x'), (2, 'c', 'y'), (3, 'gone', 'z');
        """
    )
