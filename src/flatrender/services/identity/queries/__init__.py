"""Identity's SQL, one function one statement."""
