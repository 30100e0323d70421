"""Scene to frames to film.

Knows templates, Lottie, type, raster, sound and film files. Must not know HTTP, users, databases or any other package of ours: files
and values in, frames and files out.

The names below are its public interface (see docs/library.md), also importable from `flatrender` itself. Each is loaded when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatrender.engine.errors import EngineError, RenderError, TemplateError, ValueRefused
    from flatrender.engine.film.opened import open_film
    from flatrender.engine.film.outputs import (
        Source,
        SpriteSheet,
        derive_film,
        make_sprite_sheet,
        take_poster,
        take_still,
    )
    from flatrender.engine.film.render import FilmProgress, render_film
    from flatrender.engine.film.settings import FilmSettings
    from flatrender.engine.film.transitions import Transition, template_transition
    from flatrender.engine.inspect import TemplateReport, inspect_template
    from flatrender.engine.kinds import KINDS, kind_for
    from flatrender.engine.probe import FilmReport
    from flatrender.engine.raster.pool import RasterLimits, WorkerPool
    from flatrender.engine.resolve.kept import resolve_kept
    from flatrender.engine.resolve.scene import resolve_scene
    from flatrender.engine.scene import ResolvedScene, SceneWarning
    from flatrender.engine.sound.mix import mix_sound
    from flatrender.engine.sound.track import TrackSpec
    from flatrender.engine.still import render_still
    from flatrender.engine.store.disk import Store, StoreInfo
    from flatrender.engine.template import Template, load_template

_WHERE = {
    "EngineError": "errors",
    "FilmProgress": "film.render",
    "FilmReport": "probe",
    "FilmSettings": "film.settings",
    "KINDS": "kinds",
    "RasterLimits": "raster.pool",
    "RenderError": "errors",
    "ResolvedScene": "scene",
    "SceneWarning": "scene",
    "Source": "film.outputs",
    "SpriteSheet": "film.outputs",
    "Store": "store.disk",
    "StoreInfo": "store.disk",
    "Template": "template",
    "TemplateError": "errors",
    "TemplateReport": "inspect",
    "TrackSpec": "sound.track",
    "Transition": "film.transitions",
    "ValueRefused": "errors",
    "WorkerPool": "raster.pool",
    "derive_film": "film.outputs",
    "inspect_template": "inspect",
    "kind_for": "kinds",
    "load_template": "template",
    "make_sprite_sheet": "film.outputs",
    "mix_sound": "sound.mix",
    "open_film": "film.opened",
    "render_film": "film.render",
    "render_still": "still",
    "resolve_kept": "resolve.kept",
    "resolve_scene": "resolve.scene",
    "take_poster": "film.outputs",
    "take_still": "film.outputs",
    "template_transition": "film.transitions",
}

__all__ = [
    "KINDS",
    "EngineError",
    "FilmProgress",
    "FilmReport",
    "FilmSettings",
    "RasterLimits",
    "RenderError",
    "ResolvedScene",
    "SceneWarning",
    "Source",
    "SpriteSheet",
    "Store",
    "StoreInfo",
    "Template",
    "TemplateError",
    "TemplateReport",
    "TrackSpec",
    "Transition",
    "ValueRefused",
    "WorkerPool",
    "derive_film",
    "inspect_template",
    "kind_for",
    "load_template",
    "make_sprite_sheet",
    "mix_sound",
    "open_film",
    "render_film",
    "render_still",
    "resolve_kept",
    "resolve_scene",
    "take_poster",
    "take_still",
    "template_transition",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
