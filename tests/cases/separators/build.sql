-- Separators between thousands and commas before a fraction: read where the plan names how, or as another column says.
CREATE TABLE s(id INTEGER PRIMARY KEY, english TEXT, german TEXT, whole TEXT, unnamed TEXT);
INSERT INTO s VALUES (1,'1,213.50','1.213,50','1,213','12'),(2,'-12,345,678.9','0,5','1 213 000','1,213');
INSERT INTO s VALUES (3,'7.25','12','42','3'),(4,'1,21','1,213.50','1,213.5','4');
