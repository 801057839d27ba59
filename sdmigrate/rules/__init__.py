"""Every decision, pure: no file, no database, no clock."""
