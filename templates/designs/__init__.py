"""The templates: one module each, with a `PACKAGE` and the pictures it needs."""
