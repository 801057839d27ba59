-- Yes and no in every spelling, in a column that says so and in columns that do not.
CREATE TABLE b(id INTEGER PRIMARY KEY, flag BOOLEAN NOT NULL, mostly BOOL, is_open INTEGER, answer TEXT, approved TEXT);
INSERT INTO b VALUES (1,0,'yes',1,'Y','Yes'),(2,1,'No',0,'N','No'),(3,'true','maybe',1,'Y','n/a'),(4,'f','on',1,'N','Yes'),(5,'OFF',NULL,0,NULL,'No'),(6,1.0,'',1,'n','YES'),(7,'1',2,0,'y','Yes');
