-- Case, spaces, reserved words, quotes, non-ASCII, leading digits.
CREATE TABLE "Order Items"("userId" INT, "user_id" INT, "UserID2" INT, "select" TEXT, "col""q" TEXT, "9lives" INT, "naïve" TEXT, "a_column_name_that_is_definitely_longer_than_sixty_three_bytes_x1" INT, "a_column_name_that_is_definitely_longer_than_sixty_three_bytes_x2" INT);
INSERT INTO "Order Items" VALUES (1,2,3,'s','q',9,'n',1,2);
CREATE TABLE "order"(id INTEGER PRIMARY KEY, "group" TEXT, "user" TEXT);
