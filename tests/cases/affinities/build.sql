-- What SQLite made of values by the names of their types, before anybody looked.
CREATE TABLE a(id INTEGER PRIMARY KEY, string STRING, point "FLOATING POINT", charint CHARINT, year YEAR, day DATETIME, money MONEY, odd "MY ODD TYPE", text_ "VARCHAR2(10 CHAR)");
INSERT INTO a VALUES (1,'007','1.0','12','2024','2024','12.50','0042','007'),(2,'1e3','2.5','x',2025,'2025',9.99,'B7','008');
