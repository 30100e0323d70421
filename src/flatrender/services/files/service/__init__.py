"""The rules of files. No HTTP, no SQL."""
