"""The node agent: claims work over HTTP, renders it with the engine, delivers results.

Knows the protocol and the engine. Must not hold database credentials or import any service.
"""
