"""SQL of the studio, one function one statement; every one names the tenant, and a person's own rows the person."""
