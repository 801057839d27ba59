-- What looks like a number with separators and is none, beside a column that says what a comma means.
CREATE TABLE t(id INTEGER PRIMARY KEY, total TEXT, company TEXT, phone TEXT, address TEXT, version TEXT, padded TEXT,
    currency TEXT, brackets TEXT, sign_behind TEXT, indian TEXT, uneven TEXT, mixed TEXT, measure TEXT);
INSERT INTO t VALUES (1,'1.234,56','51 824 753 556','412 345 678','192.168.100.200','1.100.200','0.001.234,50',
    '€ 1.234,56','(1.234,56)','1.234,56-','12,34,567.89','12.34,56','1 234.567,5','1.234,5 kg');
INSERT INTO t VALUES (2,'0,50','53 004 085 616','412 345 679','10.100.200.250','2.100.300','007,50',
    '$1,234.56','(12,50)','0,5-','1,23,456.00','1,2345,678','1''234 567,5','12,5%');
