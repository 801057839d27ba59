-- How wide an integer must be, each with those that are too large for less.
CREATE TABLE w(id INTEGER PRIMARY KEY, tiny INTEGER, medium INTEGER, large INTEGER, at_the_edge INTEGER, halves INTEGER);
INSERT INTO w VALUES (1,0,40000,3000000000,32767,1.5),(2,-5,7,7,-32768,2),(3,127,-2147483648,NULL,2147483647,3),(4,NULL,2147483647,NULL,2147483648,NULL);
