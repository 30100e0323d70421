"""Templates: imported, versioned, published, searched; and scenes resolved with somebody's values.

Knows the engine's template loader and binder, and keeps bytes through the files service. Must not know saved projects or jobs, and
draws nothing.
"""
