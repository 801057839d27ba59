-- Decimals of more digits than numeric holds: 131,072 before the point, 16,383 behind it.
CREATE TABLE n(id INTEGER PRIMARY KEY, amount TEXT);
INSERT INTO n VALUES (1,'1.5'),(2,'0.' || printf('%.*c', 16383, '1')),(3,'0.' || printf('%.*c', 16384, '1')),
    (4,printf('%.*c', 131072, '1')),(5,printf('%.*c', 131073, '1'));
