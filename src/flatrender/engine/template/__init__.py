"""Templates: the package format, loading with limits, packing.

Knows template.json and Lottie's structure. Must not know values, drawing or where a template came from.
"""

from flatrender.engine.template.load import load_template
from flatrender.engine.template.pack import pack
from flatrender.engine.template.package import Template

__all__ = ["Template", "load_template", "pack"]
