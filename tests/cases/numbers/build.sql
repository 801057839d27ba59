-- Numbers written as text, and whole numbers stored as REAL, each under a type that holds them.
CREATE TABLE n(whole, amount, real, yes, number_as_json JSON);
INSERT INTO n VALUES ('42',' 12.50 ','1e3','yes',5),(7.0,'+1.5',' 2.5 ',0.0,1.5),(-3,'12','3.25','N','{}');
INSERT INTO n VALUES (7.5,'1,2,3','x',2,'{'),(x'00',9e999,x'00',x'00',x'00');
