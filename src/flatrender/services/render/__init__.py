"""Films from frozen input: jobs, their plan, the nodes that draw them, previews, exports. Schema `render`.

Everything true about a job, a chunk, a node or a lease is a row. It knows the node protocol and the engine's pure and joining parts; it never draws.
"""
