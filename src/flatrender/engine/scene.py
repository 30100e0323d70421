"""A resolved scene: a Lottie with the user's values in it, ready to be drawn anywhere without fonts or files."""

import msgspec

from flatrender.engine.clips.model import ClipFile


class SceneWarning(msgspec.Struct, frozen=True, kw_only=True):
    """Something the user should know although the scene can be drawn.

    Codes: `text_overflow`, `text_shrunk`, `missing_glyph`, `font_substituted`, `unknown_layer`, `picture_upscaled`, `missing_picture`,
    `clip_hdr`, and of a film `transition_shortened`.
    """

    code: str
    detail: str
    field: str | None = None
    layer: str | None = None


class ResolvedScene(msgspec.Struct, frozen=True, kw_only=True):
    """One scene as it will be drawn. `lottie` is canonical JSON (UTF-8) with glyphs and pictures embedded.

    Film clips are described in it too (see `clips`), with a still of each; `clips` only says where their files lie on this machine.
    """

    scene_key: str
    lottie: bytes
    sha256: str
    """Hexadecimal SHA-256 of `lottie`: equal scenes have equal hashes."""
    width: int
    height: int
    fps: float
    first_frame: float
    """The Lottie's in point; frame 0 of the scene is drawn at this Lottie frame."""
    frames: int
    """How many frames the scene lasts at `fps`."""
    snapshot_frame: int = 0
    warnings: tuple[SceneWarning, ...] = ()
    clips: tuple[ClipFile, ...] = ()
    """The files of the clips that `lottie` names by their hash, each once."""
