"""Identity's rules. No HTTP, no SQL."""
