-- CHECK constraints with SQLite functions or type tricks.
CREATE TABLE p36(id INTEGER PRIMARY KEY, j TEXT CHECK(json_valid(j)), c TEXT CHECK(c GLOB '[A-Z]*'), n INT CHECK(typeof(n)=='integer' AND ifnull(n,0)>=0), b INT CHECK(b IN (0,1)));
INSERT INTO p36 VALUES (1,'{}','Abc',1,0);
PRAGMA ignore_check_constraints=1;
INSERT INTO p36 VALUES (2,'{}','abc',1,1);
