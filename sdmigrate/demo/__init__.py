"""The ServiceDesk demo database, its planted defects and their manifest."""
