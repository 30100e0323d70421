"""The node protocol's frozen messages: the only thing that a node and the render service share."""
