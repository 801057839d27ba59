-- Values that their planned type cannot hold, each for a reason of its own.
CREATE TABLE m(id INTEGER PRIMARY KEY, day, double, small INTEGER, whole, required TEXT NOT NULL, bytes);
INSERT INTO m VALUES (1,'2025-05-20',1.5,7,7.0,'a',x'00');
INSERT INTO m VALUES (2,x'00',9007199254740993,40000,9007199254740992.0,'N/A',5);
INSERT INTO m VALUES (3,'soon','0.10000000000000000001',-40000,1e300,'b',1.5);
