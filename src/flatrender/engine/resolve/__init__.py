"""Resolving: a template's scene and a person's values become one self-contained Lottie.

Knows templates, Lottie, text and pictures. Must not know drawing: importing this loads no native renderer.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatrender.engine.resolve.scene import resolve_scene

__all__ = ["resolve_scene"]


def __getattr__(name: str) -> Any:
    # Fonts and pictures are loaded by who resolves, not by who checks a value.
    if name == "resolve_scene":
        from flatrender.engine.resolve.scene import resolve_scene  # noqa: PLC0415  # when it is asked for

        return resolve_scene
    raise AttributeError(name)
