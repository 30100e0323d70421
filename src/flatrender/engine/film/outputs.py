"""Further files from a finished film: other kinds and smaller sizes, a poster, stills, a sheet of small pictures for scrubbing.

Nothing is drawn again. A film made at crf 20 or better, made smaller or turned into a GIF, looks as if made from the drawn pictures; for the
same size in another codec, or for archives, render that kind itself (what is drawn is then drawn again, from the store where it can be).
"""

import contextlib
import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np

from flatrender.engine.decode import decode_frames, open_picture
from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file, output_file
from flatrender.engine.film.encoders import COLOR_TAGS, codec_arguments
from flatrender.engine.film.join import container_arguments, sound_arguments
from flatrender.engine.film.pictures import write_pictures
from flatrender.engine.film.settings import FilmSettings, check_animation_size
from flatrender.engine.probe import ExpectedFilm, FilmReport, probe_film
from flatrender.engine.process import run

# A film is BT.709 in limited range, a JPEG BT.601 in full range: unsaid, its reds would be darker than the film's.
JPEG_COLORS = "in_color_matrix=bt709:out_color_matrix=bt601:in_range=tv:out_range=pc"
_CANDIDATES = 12
_BLANK_RANGE = 24
"""Levels of 255 within which a picture has nothing to show."""
MAX_TILES = 400


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A finished film and how it was made. From a GIF, WebP, APNG or sequence only stills are taken."""

    path: Path
    settings: FilmSettings
    frames: int

    def arguments(self) -> list[str]:
        """Options that open it, with its transparency. Raises RenderError `settings_invalid` for a run of pictures."""
        if self.settings.facts.picture_only:
            raise RenderError(
                f"from a {self.settings.kind} nothing further is made; give a film", code="settings_invalid"
            )
        decoder = ["-c:v", "libvpx-vp9"] if self.settings.alpha and self.settings.kind == "webm_vp9" else []
        return [*decoder, *input_file(self.path.absolute(), FILM_FORMATS)]


class SpriteSheet(msgspec.Struct, frozen=True, kw_only=True):
    """Small pictures of a film side by side, for a player that shows them while one scrubs."""

    index: Path
    """WebVTT: each cue names a picture as `file#xywh=x,y,width,height`."""
    sheets: tuple[Path, ...]
    tiles: int
    every_s: float
    tile_width: int
    tile_height: int


def derive_film(
    source: Source,
    settings: FilmSettings,
    out: Path,
    *,
    title: str | None = None,
    deadline_s: float = 1800,
    threads: int = 0,
    cancel: threading.Event | None = None,
) -> FilmReport:
    """Make another kind, size or rate of a finished film and check it. Its sound comes along where the kind has sound.

    Another shape is centred on the settings' background. `threads` 0 leaves their number to the encoder. Raises RenderError
    `settings_invalid` for what the film does not hold (a larger picture, transparency), `encoder_failed`, `film_check_failed` or `cancelled`.
    """
    made, facts = source.settings, settings.facts
    if settings.width > made.width and settings.height > made.height:
        raise RenderError(
            f"{settings.width}x{settings.height} from a film of {made.width}x{made.height}: render it in this size",
            code="settings_invalid",
        )
    if settings.alpha and not made.alpha:
        raise RenderError("the film is not transparent: render it transparent", code="settings_invalid")
    frames = max(1, int(source.frames * settings.rate / made.rate + Fraction(1, 2)))
    check_animation_size(settings, frames)
    scale = _scale(made, settings)
    if facts.joined:
        sound = ["-map", "0:v:0", *(("-map", "0:a:0?", *_sound(made, settings)) if facts.audio is not None else ())]
        arguments = [
            *base_arguments(),
            *source.arguments(),
            *sound,
            *("-vf", f"{scale},format={_pixels(settings)},{COLOR_TAGS}", *codec_arguments(settings, threads=threads)),
            *("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
            *(("-metadata", f"title={title[:200]}") if title else ()),
            *("-metadata", "encoder=FlatRender", *container_arguments(settings), output_file(out.absolute())),
        ]
        _run(arguments, "making the other film", out, deadline_s, cancel)
    else:
        write_pictures(source.arguments(), settings, out, scale=scale, deadline_s=deadline_s, cancel=cancel)
    # Whether the film has sound is seen in the file that came of it: whoever derives need not know.
    expected = ExpectedFilm(
        frames=frames,
        rate=settings.rate,
        width=settings.width,
        height=settings.height,
        sound=None,
        kind=settings.kind,
        alpha=settings.alpha,
        background=settings.background,
    )
    try:
        return probe_film(out, expected, deadline_s=deadline_s, cancel=cancel)
    except RenderError:
        if out.is_file():
            out.unlink()
        raise


def take_still(
    source: Source,
    frame: int,
    out: Path,
    *,
    width: int,
    deadline_s: float = 60,
    cancel: threading.Event | None = None,
) -> tuple[int, int]:
    """Write frame `frame` of a film as PNG (with its transparency) or JPEG, by the ending of `out`, `width` pixels wide or as wide as the film.

    Returns the picture's size. Raises RenderError `settings_invalid`, `encoder_failed` or `cancelled`; `out` does not exist then.
    """
    made = source.settings
    if not 0 <= frame < source.frames:
        raise RenderError(f"frame {frame} of a film of {source.frames} frames", code="settings_invalid")
    wide = max(2, min(width, made.width))
    high = max(2, 2 * round(made.height * wide / made.width / 2))
    with contextlib.ExitStack() as stack:
        if made.facts.picture_only:
            opened, chosen = stack.enter_context(open_picture(source.path, frame, kind=made.kind, rate=made.rate))
        else:
            # Half a frame early, so that rounding does not skip it; the seek is exact.
            at = max(Fraction(0), (frame - Fraction(1, 2)) / made.rate)
            opened, chosen = ["-ss", f"{float(at):.6f}", *source.arguments()], ""
        png = out.suffix.lower() == ".png"
        flat = _on_background(made) if made.alpha and not png else ""
        scale = f"scale={wide}:{high}:flags=area"
        if png:
            scale += f",format={'rgba' if made.alpha else 'rgb24'}"
            codec = ["-c:v", "png"]
        else:
            # Pictures that are RGB already, or a JPEG themselves, say so.
            said = made.facts.picture_only or flat
            scale += f":{'out_color_matrix=bt601:out_range=pc' if said else JPEG_COLORS},format=yuvj420p"
            codec = ["-c:v", "mjpeg", "-q:v", "3"]
        chain = ",".join(filter(None, (chosen, flat, scale)))
        target = output_file(Path(str(out.absolute()).replace("%", "%%")))
        arguments = [*base_arguments(), *opened, "-an", "-vf", chain, "-frames:v", "1", *codec]
        arguments += ["-update", "1", "-f", "image2", target]
        _run(arguments, "taking the picture", out, deadline_s, cancel)
    if not out.is_file():
        raise RenderError(f"frame {frame} does not decode", code="encoder_failed", where=str(source.path))
    return wide, high


def _on_background(made: FilmSettings) -> str:
    color = "0x{:02x}{:02x}{:02x}".format(*made.background)
    return f"format=rgba,split[over][under];[under]drawbox=color={color}:thickness=fill:replace=1[plain];[plain][over]overlay=format=gbrp"


def take_poster(
    source: Source,
    out: Path,
    *,
    frame: int | None = None,
    width: int = 960,
    deadline_s: float = 60,
    cancel: threading.Event | None = None,
) -> int:
    """Write the picture that stands for the film, PNG or JPEG, and return its frame: `frame` when given, else the one that shows most.

    Raises what `take_still` raises, and `film_check_failed` when no frame decodes.
    """
    if frame is None:
        count = min(_CANDIDATES, source.frames)
        frames = [source.frames * (2 * n + 1) // (2 * count) for n in range(count)]
        size = (80, max(2, round(80 * source.settings.height / source.settings.width)))
        shown = decode_frames(
            source.path,
            frames,
            kind=source.settings.kind,
            alpha=source.settings.alpha,
            size=size,
            rate=source.settings.rate,
            deadline_s=deadline_s,
            cancel=cancel,
        )
        if not shown:
            raise RenderError("no frame of the film decodes", code="film_check_failed", where=str(source.path))
        frame = choose_frame(shown, size)
    take_still(source, frame, out, width=width, deadline_s=deadline_s, cancel=cancel)
    return frame


def choose_frame(pictures: Mapping[int, bytes], size: tuple[int, int]) -> int:
    """Return the frame that shows most, of RGBA pictures by frame: contrast and edges count, a blank one is taken only when all are.

    Of nearly equal ones the earliest.
    """
    found: dict[int, float] = {}
    for frame, data in pictures.items():
        picture = np.frombuffer(data, np.uint8).reshape(size[1], size[0], 4)[..., :3].astype(np.float32)
        light = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        edges = float(np.abs(np.diff(light, axis=0)).mean() + np.abs(np.diff(light, axis=1)).mean())
        blank = float(np.ptp(picture, axis=(0, 1)).max()) <= _BLANK_RANGE
        found[frame] = 0.0 if blank else edges + float(light.std()) / 4
    best = max(found.values())
    return min(frame for frame, score in found.items() if score >= best * 0.97)


def make_sprite_sheet(
    source: Source,
    folder: Path,
    *,
    name: str = "sprite",
    tile_width: int = 160,
    every_s: float | None = None,
    columns: int = 10,
    deadline_s: float = 600,
    cancel: threading.Event | None = None,
) -> SpriteSheet:
    """Write `<name>-000.jpg` and so on, each of at most `columns` x `columns` pictures, and `<name>.vtt` into the folder.

    Without `every_s` there is a picture a second, fewer in films over 100 s. Raises RenderError `settings_invalid` for more than 400 pictures
    or sizes out of range, `encoder_failed`, `output_unwritable` or `cancelled`.
    """
    made = source.settings
    length_s = float(source.frames / made.rate)
    step = max(1, round((every_s if every_s is not None else max(1.0, length_s / 100)) * made.rate))
    tiles = -(-source.frames // step)
    if tiles > MAX_TILES or not 16 <= tile_width <= 640 or not 1 <= columns <= 20:
        raise RenderError(
            f"{tiles} pictures of {tile_width} px in {columns} columns; give at most {MAX_TILES} of 16 to 640 px in 1 to 20",
            code="settings_invalid",
        )
    tile_height = max(2, 2 * round(made.height * tile_width / made.width / 2))
    rows = min(columns, -(-tiles // columns))
    # Of the middle of its span, and of the last frame at most: what is passed over is what one sees.
    middle = min(step // 2, source.frames - 1)
    chosen = f"select=eq(mod(n\\,{step})\\,{middle % step})+eq(n\\,{source.frames - 1})*gt({(tiles - 1) * step + middle}\\,{source.frames - 1})"
    pictures = [folder / f"{name}-{number:03d}.jpg" for number in range(-(-tiles // (columns * rows)))]
    pattern = Path(str(folder.absolute()).replace("%", "%%")) / f"{name.replace('%', '%%')}-%03d.jpg"
    over = f"scale={tile_width}:{tile_height}:flags=area:{JPEG_COLORS},format=yuvj420p"
    _run(
        [
            *(*base_arguments(), *source.arguments(), "-an", "-fps_mode", "passthrough"),
            *("-vf", f"{chosen},{over},tile={columns}x{rows}", "-q:v", "4", "-start_number", "0", "-f", "image2"),
            output_file(pattern),
        ],
        "making the sheet of pictures",
        None,
        deadline_s,
        cancel,
    )
    lines = ["WEBVTT", ""]
    for number in range(tiles):
        sheet, place = divmod(number, columns * rows)
        y, x = divmod(place, columns)
        begins, ends = (_clock(min(n * step, source.frames) / made.rate) for n in (number, number + 1))
        where = f"#xywh={x * tile_width},{y * tile_height},{tile_width},{tile_height}"
        lines += [f"{begins} --> {ends}", f"{pictures[sheet].name}{where}", ""]
    index = folder / f"{name}.vtt"
    try:
        index.write_text("\n".join(lines), encoding="utf-8")
    except OSError as error:
        raise RenderError(
            f"the index cannot be written here: {error.strerror}", code="output_unwritable", where=str(index)
        ) from error
    return SpriteSheet(
        index=index,
        sheets=tuple(pictures),
        tiles=tiles,
        every_s=float(step / made.rate),
        tile_width=tile_width,
        tile_height=tile_height,
    )


def _clock(seconds: Fraction) -> str:
    thousandths = round(seconds * 1000)
    hours, rest = divmod(thousandths, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _scale(made: FilmSettings, wanted: FilmSettings) -> str:
    parts = []
    if made.rate != wanted.rate:
        parts.append(f"fps={wanted.rate.numerator}/{wanted.rate.denominator}")
    if (made.width, made.height) != (wanted.width, wanted.height):
        parts.append(
            f"scale={wanted.width}:{wanted.height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=lanczos+accurate_rnd"
        )
        color = "black@0" if wanted.alpha else "#{:02x}{:02x}{:02x}".format(*wanted.background)
        parts.append(f"pad={wanted.width}:{wanted.height}:-1:-1:color={color}")
    return ",".join(parts) or "null"


def _pixels(settings: FilmSettings) -> str:
    facts = settings.facts
    if settings.kind == "webm_vp9":
        return "yuva420p" if settings.alpha else "yuv420p"
    return (facts.alpha_pixels if settings.alpha else facts.pixels)[0]


def _sound(made: FilmSettings, wanted: FilmSettings) -> Sequence[str]:
    return ("-c:a", "copy") if made.facts.audio == wanted.facts.audio else sound_arguments(wanted)


def _run(
    arguments: Sequence[str], what: str, out: Path | None, deadline_s: float, cancel: threading.Event | None
) -> None:
    try:
        run(arguments, what=what, code="encoder_failed", deadline_s=deadline_s, cancel=cancel)
    except BaseException:
        if out is not None:
            out.unlink(missing_ok=True)
        raise
