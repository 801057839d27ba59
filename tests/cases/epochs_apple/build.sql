-- Seconds since 2001 in columns of dates: read as other columns tell, and left as numbers where only 2001 is plausible.
CREATE TABLE e(id INTEGER PRIMARY KEY, recent TIMESTAMP, older TIMESTAMP, unix TIMESTAMP);
INSERT INTO e VALUES (1,669643209.25,441763200,669643209),(2,769423320.5,447033600.5,1747730520),(3,NULL,452303999,NULL);
