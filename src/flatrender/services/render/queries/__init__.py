"""SQL by hand, one function one statement, typed rows out; each names the tenant unless the row belongs to the platform or a node asks by lease."""
