"""The rules of the render service, one idea a module. No HTTP, no SQL text."""
