-- Columns that say nothing: one storage class each, and two.
CREATE TABLE u(id INTEGER PRIMARY KEY, i, r, t, b, n, numbers, days, both ANY);
INSERT INTO u VALUES (1,1,1.5,'x',x'00',NULL,1,'2025-05-20',1),(2,2,2.0,'y',x'01',NULL,2.5,'2025-05-21','x'),(3,-3,-0.5,'',x'',NULL,NULL,NULL,NULL);
