-- Partial, expression, DESC and COLLATE indexes; 63-byte names.
CREATE TABLE p34(id INTEGER PRIMARY KEY, a TEXT, del INTEGER);
CREATE UNIQUE INDEX p34_live ON p34(a) WHERE del=0;
CREATE INDEX p34_lower ON p34(lower(a) DESC, a COLLATE NOCASE);
CREATE INDEX p34_strf ON p34(strftime('%Y',a)) ;
CREATE INDEX p34_a_very_long_index_name_that_is_longer_than_sixty_three_bytes_one ON p34(a);
CREATE INDEX p34_a_very_long_index_name_that_is_longer_than_sixty_three_bytes_two ON p34(del);
INSERT INTO p34 VALUES (1,'x',1),(2,'x',1),(3,'x',0);
