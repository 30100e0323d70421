"""Damaged templates: what loading, inspecting, resolving and drawing them comes to. Every case must end in `ok` or a stable code."""
