"""A real S3-compatible server for tests, and what is kept in it."""
