"""What services promise each other: one module a service with frozen values, one interface and its events. No I/O."""
