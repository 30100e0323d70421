"""What a node and the render service say to each other: frozen messages, JSON over HTTP. See `docs/node-protocol.md`.

The only package that both sides import. Must not know either of them.
"""

VERSION = 3
"""Raised when a message changes so that the other side could misunderstand it; new optional members do not raise it."""
OLDEST = 2
"""The oldest version whose nodes the server still takes: those of version 2 draw with ThorVG alone and never get After Effects' work."""
