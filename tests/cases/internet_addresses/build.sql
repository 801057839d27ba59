-- Addresses of both versions, with and without their networks, offered where a column holds them; versions look like them.
CREATE TABLE a(id INTEGER PRIMARY KEY, ip TEXT, network VARCHAR(43), mixed TEXT, version TEXT);
INSERT INTO a VALUES (1,'192.168.0.1','10.0.0.0/8','10.0.0.1','1.2.3.4'),(2,'2001:db8::1','2001:DB8::/32','localhost','1.2.3.5'),(3,'::1','192.168.1.17/24','fe80::1%eth0','1.2.3.400'),(4,'fe80::1',NULL,'256.1.1.1',NULL);
