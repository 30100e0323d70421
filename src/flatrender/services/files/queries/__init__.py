"""The SQL of files, one function one statement."""
