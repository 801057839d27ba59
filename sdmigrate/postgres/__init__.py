"""PostgreSQL: connecting, the embedded server, loading, verifying, releases."""
