-- `\u0000` and lone surrogates inside JSON.
CREATE TABLE p18(id INTEGER PRIMARY KEY, j JSON);
INSERT INTO p18 VALUES (1,'{"a":1}'),(2,'{"x":"\u0000"}'),(3,'{"s":"\ud800"}'),(4,'not json'),(5,''),(6,'{"b":1.0,"a":2,"a":3}'),(7,NULL);
