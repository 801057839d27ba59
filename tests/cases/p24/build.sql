-- Sequence not reset → duplicate key on first insert.
CREATE TABLE p24(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
INSERT INTO p24(id,v) VALUES (1,'a'),(50,'b');
DELETE FROM p24 WHERE id=50;
