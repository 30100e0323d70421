"""The keys of what a film consists of. The command line, the library and the farm use these functions, so that they agree on what is the same.

Knows nothing of how it is made: a server that never draws may ask for a key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flatrender.engine.film.plan import lottie_frames
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.store.keys import content_key


def segment_key(scene: ResolvedScene, first: int, last: int, settings: FilmSettings) -> str:
    """Return the key of output frames `first` to `last` of a scene, encoded with these settings.

    The scene's name, its place in the film and the number of threads change no picture and are not part of it.
    """
    frames = lottie_frames(scene.frames, scene.fps, settings.rate, first, last)
    return content_key("segment", {"scene": scene.sha256, "frames": frames, "settings": settings})


def still_key(
    scene: ResolvedScene,
    frame: float,
    *,
    width: int,
    height: int,
    format: str,
    background: tuple[int, int, int] | None,
) -> str:
    """Return the key of one frame (counted from the scene's first) as a picture file, or of its bare pixels."""
    fields = {
        "scene": scene.sha256, "frame": float(frame), "width": width, "height": height, "format": format,
        "background": background,
    }  # fmt: skip
    return content_key("still", fields)


def sound_key(tracks: Sequence[TrackSpec], duration_s: float, options: Mapping[str, Any] | None = None) -> str:
    """Return the key of these tracks mixed for `duration_s` seconds. Raises OSError for a file that cannot be read."""
    return content_key("sound", {"tracks": list(tracks), "duration_s": duration_s, "options": dict(options or {})})


def film_key(parts: Sequence[str], settings: FilmSettings, *, title: str | None) -> str:
    """Return the key of a film joined of these parts: the segments' keys in order and the sound's."""
    return content_key("film", {"parts": list(parts), "settings": settings, "title": title})
