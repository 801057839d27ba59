-- Texts that look like numbers, and what each is: exponents, hex, separators, other digits, NaN.
CREATE TABLE x(id INTEGER PRIMARY KEY, n TEXT, plain TEXT, long TEXT);
INSERT INTO x VALUES (1,'1e5','42','12345678901234567890.123456789'),(2,'NaN','-7','0.1'),(3,'0x1F','+5','1e-7'),(4,'1_000',' 8 ','-3'),(5,'1,213','0','1e400'),(6,'٣','9223372036854775807','7.'),(7,'.5','9223372036854775808','.5');
