-- Digits that are no numbers: phones, postcodes, account numbers; leading zeros and plus signs stay.
CREATE TABLE x(id INTEGER PRIMARY KEY, phone TEXT, zip VARCHAR(5), account CHAR(20), lost INTEGER, sku STRING);
INSERT INTO x VALUES (1,'+49 30 901820','01067','00123456789012345678','01067','00042'),(2,'0049-30-901820','80331','12345678901234567890','80331','1e3'),(3,'(030) 90 18 20','00501','98765432109876543210','00501','A7');
