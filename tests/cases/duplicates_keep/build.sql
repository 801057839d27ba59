-- One key in two spellings: duplicates exist among the cleaned values only.
CREATE TABLE d(code TEXT PRIMARY KEY, a TEXT, b TEXT);
INSERT INTO d VALUES ('7','one',NULL),(' 7 ','two','2'),('7.0','three',NULL),('8','four',NULL),(NULL,'five','5');
