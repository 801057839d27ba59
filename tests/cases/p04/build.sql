-- INTEGER → BIGINT breaks a strictly typed app: the types of its own tables are kept where every value fits.
CREATE TABLE p04(id INTEGER PRIMARY KEY, kdf INTEGER NOT NULL, small INTEGER, name TEXT, code TEXT, at INTEGER, mood TEXT, same TEXT);
INSERT INTO p04 VALUES (1,600000,5,'short','abc',1647950409,'happy','x'),(2,-1,40000,'much too long','de',1747730520,'sad','y');
