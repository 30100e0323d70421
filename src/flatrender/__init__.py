"""FlatRender: motion-design templates into videos."""

__version__ = "0.1.0"
