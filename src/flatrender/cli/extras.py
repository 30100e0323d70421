"""Transitions, marks, voices and parts of films, as they are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from flatrender.engine.errors import RenderError
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.transition_kinds import Direction, TransitionKind
from flatrender.engine.film.transitions import CUT, Transition, template_transition
from flatrender.engine.sound.track import TrackSpec

if TYPE_CHECKING:
    from flatrender.engine.resolve.watermark import Anchor
    from flatrender.engine.template import Template

_KINDS = tuple(kind for kind in get_args(TransitionKind) if kind != "template")
_DIRECTIONS = get_args(Direction)
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".svg", ".gif"}


def parse_transitions(
    text: str | None, scenes: int, template: Template | None = None, size_key: str | None = None
) -> list[Transition]:
    """Return the transitions that `KIND[:SECONDS[:DIRECTION]]` means: one for every gap, or after commas one for each.

    KIND may also be the key of a transition that the template brings, which has no direction. Raises RenderError `settings_invalid`.
    """
    if text is None:
        return []
    each = [_transition(part.strip(), template, size_key) for part in text.split(",")]
    if len(each) == 1:
        return each * (scenes - 1)
    if len(each) != scenes - 1:
        raise RenderError(
            f"--transition names {len(each)}, and {scenes} scenes have {scenes - 1} gaps: name one for all, or one for each",
            code="settings_invalid",
        )
    return each


def _transition(text: str, template: Template | None, size_key: str | None) -> Transition:
    kind, _, rest = text.partition(":")
    seconds, _, direction = rest.partition(":")
    own = [one.key for one in template.manifest.transitions] if template is not None else []
    if kind not in (*_KINDS, *own) or (direction and (direction not in _DIRECTIONS or kind in own)):
        raise RenderError(
            f"--transition {text[:40]!r}: write KIND[:SECONDS[:DIRECTION]] with {', '.join((*_KINDS, *own))} and {', '.join(_DIRECTIONS)}",
            code="settings_invalid",
        )
    if kind == "cut":
        return CUT
    try:
        lasts = float(seconds) if seconds else None
    except ValueError:
        raise RenderError(
            f"--transition {text[:40]!r}: {seconds!r} is no number of seconds", code="settings_invalid"
        ) from None
    if template is not None and kind in own and kind not in _KINDS:
        return template_transition(template, kind, size=size_key, seconds=lasts)
    return Transition(
        kind=cast("TransitionKind", kind),
        seconds=0.5 if lasts is None else lasts,
        direction=cast("Direction", direction or "left"),
    )


def parse_part(begin: str | None, end: str | None, settings: FilmSettings) -> tuple[int, int | None] | None:
    """Return the first and last frame (both shown) that `60` or `2.5s` mean; None when the whole film is wanted.

    Raises RenderError `settings_invalid`.
    """
    if begin is None and end is None:
        return None
    first = _frame(begin, settings) if begin is not None else 0
    last = _frame(end, settings) if end is not None else None
    if last is not None and end is not None and end.strip().endswith("s"):
        last = max(first, last - 1)  # what begins at that second is not shown
    return first, last


def _frame(text: str, settings: FilmSettings) -> int:
    found = re.fullmatch(r"\s*(\d+)\s*|\s*(\d+(?:\.\d+)?)\s*s\s*", text)
    if found is None:
        raise RenderError(f"{text[:40]!r}: write a frame (60) or a second (2.5s)", code="settings_invalid")
    return int(found[1]) if found[1] is not None else round(float(found[2]) * settings.rate)


def split_range(text: str) -> tuple[str, str]:
    """Split `A-B`. Raises RenderError `settings_invalid`."""
    first, dash, last = text.partition("-")
    if not dash:
        raise RenderError(f"--frames {text[:40]!r}: write A-B, the first and the last frame", code="settings_invalid")
    return first, last


def watermark_options(mark: str, place: Anchor) -> dict[str, Any]:
    """Return what resolving a scene takes for a mark: a picture when it names one, else a text."""
    from flatrender.engine.resolve.watermark import Watermark

    if Path(mark).suffix.lower() in _PICTURES:
        return {"watermark": Watermark(image=mark, position=place), "assets": {mark: Path(mark)}}
    return {"watermark": Watermark(text=mark, position=place)}


def parse_tracks(voices: Sequence[str], effects: Sequence[str]) -> list[TrackSpec]:
    """Return the tracks that `FILE[@SECONDS[:VOLUME]]` mean. Raises RenderError `settings_invalid`."""
    tracks = []
    for kind, given in (("voiceover", voices), ("sfx", effects)):
        for text in given:
            found = re.fullmatch(r"(.+?)(?:@(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?)?", text, re.DOTALL)
            if found is None:
                raise RenderError("a sound's name is empty: write FILE[@SECONDS[:VOLUME]]", code="settings_invalid")
            tracks.append(
                TrackSpec(
                    kind=cast("Any", kind),
                    path=Path(found[1]),
                    start_s=float(found[2] or 0),
                    volume=float(found[3] or 1),
                )
            )
    return tracks
