"""Resolving: a template's scene and a person's values become one self-contained Lottie.

Knows templates, Lottie, text and pictures. Must not know drawing: importing this loads no native renderer.
"""

from flatrender.engine.resolve.scene import resolve_scene

__all__ = ["resolve_scene"]
