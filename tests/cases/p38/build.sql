-- Defaults.
CREATE TABLE p38(id INTEGER PRIMARY KEY, a DATETIME DEFAULT CURRENT_TIMESTAMP, b TEXT DEFAULT (datetime('now','localtime')), c INT DEFAULT (strftime('%s','now')), d TEXT DEFAULT "", e TEXT DEFAULT "it's", f INT DEFAULT 'null', g NUMERIC DEFAULT false, h INT DEFAULT "0", i BLOB DEFAULT x'00', j TEXT DEFAULT (lower(hex(randomblob(16)))), k REAL DEFAULT (julianday('now')), l TEXT DEFAULT NULL, m BOOLEAN DEFAULT 1);
INSERT INTO p38(id) VALUES (1);
