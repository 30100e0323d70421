"""ThorVG's software renderer through ctypes: only what drawing a Lottie needs.

The wheel's own Python wrapper is not used: it copies data on each call, keeps no resolver alive and takes 50 ms to import. Call this in a
worker process only: a bad scene can crash or never return.
"""

import ctypes
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from flatrender.engine.errors import RenderError

BGRA = 1
"""Byte order of `Canvas` pixels for the encoder; premultiplied alpha."""
RGBA_STRAIGHT = 2
"""Byte order of `Canvas` pixels for stills; alpha not premultiplied."""

_NO_CHANGE = 2  # Result.INSUFFICIENT_CONDITION: the frame asked for is the one already set
Resolver = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
"""What ThorVG asks for a picture: paint, name, data of ours; True when there is nothing more to look for."""


class MovingPictures(Protocol):
    """What shows clips in a scene."""

    @property
    def resolver(self) -> Callable[..., bool]:
        """A `Resolver` that gives ThorVG the pictures' buffers."""

    def show(self, frame: float) -> None:
        """Write what is shown at a frame, counted from the in point, into the buffers."""

    def close(self) -> None:
        """Close the files."""


def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("thorvg_python")
    if spec is None or spec.submodule_search_locations is None:
        raise RenderError("the package thorvg-python is not installed", code="engine_refused")
    name = {"win32": "libthorvg-1.dll", "darwin": "libthorvg-1.dylib"}.get(sys.platform, "libthorvg-1.so")
    folder = Path(next(iter(spec.submodule_search_locations)))
    path = folder / name
    if not path.is_file():
        path = folder / name.removeprefix("lib")
    library = ctypes.CDLL(str(path))
    pointer, f32, u32, u8 = ctypes.c_void_p, ctypes.c_float, ctypes.c_uint32, ctypes.c_uint8
    f32_out = ctypes.POINTER(f32)
    signatures: dict[str, tuple[Sequence[type], type]] = {
        "tvg_engine_init": ((u32,), ctypes.c_int),
        "tvg_swcanvas_create": ((u8,), pointer),
        "tvg_swcanvas_set_target": ((pointer, pointer, u32, u32, u32, u8), ctypes.c_int),
        "tvg_canvas_add": ((pointer, pointer), ctypes.c_int),
        "tvg_canvas_update": ((pointer,), ctypes.c_int),
        "tvg_canvas_draw": ((pointer, ctypes.c_bool), ctypes.c_int),
        "tvg_canvas_sync": ((pointer,), ctypes.c_int),
        "tvg_canvas_destroy": ((pointer,), ctypes.c_int),
        "tvg_animation_new": ((), pointer),
        "tvg_animation_get_picture": ((pointer,), pointer),
        "tvg_animation_set_frame": ((pointer, f32), ctypes.c_int),
        "tvg_animation_get_total_frame": ((pointer, f32_out), ctypes.c_int),
        "tvg_animation_del": ((pointer,), ctypes.c_int),
        "tvg_picture_new": ((), pointer),
        "tvg_picture_load_raw": ((pointer, pointer, u32, u32, ctypes.c_int, ctypes.c_bool), ctypes.c_int),
        "tvg_picture_set_asset_resolver": ((pointer, Resolver, pointer), ctypes.c_int),
        "tvg_picture_load_data": (
            (pointer, ctypes.c_char_p, u32, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_bool),
            ctypes.c_int,
        ),
        "tvg_picture_get_size": ((pointer, f32_out, f32_out), ctypes.c_int),
        "tvg_picture_set_size": ((pointer, f32, f32), ctypes.c_int),
        "tvg_paint_translate": ((pointer, f32, f32), ctypes.c_int),
        "tvg_shape_new": ((), pointer),
        "tvg_shape_append_rect": ((pointer, f32, f32, f32, f32, f32, f32, ctypes.c_bool), ctypes.c_int),
        "tvg_shape_set_fill_color": ((pointer, u8, u8, u8, u8), ctypes.c_int),
    }
    for function, (arguments, result) in signatures.items():
        bound = getattr(library, function)
        bound.argtypes = list(arguments)
        bound.restype = result
    return library


def _refuse_asset(_paint: int, _source: bytes, _data: int) -> bool:
    # True means "resolved", so ThorVG looks no further. It comes here only for what it could not open; `confine` takes paths out before.
    return True


class ThorVG:
    """The library, initialised without threads of its own: workers and frame ranges are the parallelism."""

    def __init__(self) -> None:
        self.library = _library()
        self.resolver = Resolver(_refuse_asset)
        self.check(self.library.tvg_engine_init(0), "start the renderer")

    @staticmethod
    def check(result: int, doing: str) -> None:
        """Raise `engine_refused` unless ThorVG's result is success."""
        if result != 0:
            raise RenderError(f"the renderer could not {doing} (ThorVG result {result})", code="engine_refused")


class Animation:
    """A Lottie placed on a canvas of one size, drawn into a buffer that `pixels` shows."""

    def __init__(
        self,
        thorvg: ThorVG,
        lottie: bytes,
        *,
        width: int,
        height: int,
        colorspace: int,
        background: tuple[int, int, int] | None,
        clips: MovingPictures | None = None,
    ) -> None:
        self._thorvg = thorvg
        self._clips = clips
        self._library = thorvg.library
        self._animation = 0
        self._canvas = 0
        self._transparent = background is None  # only then must the picture before be cleared away
        self._buffer: bytearray | memoryview | None = None
        self.width, self.height, self._colorspace = width, height, colorspace
        try:
            self._load(lottie, background)
        except BaseException:
            self.close()
            raise

    def _load(self, lottie: bytes, background: tuple[int, int, int] | None) -> None:
        lib, check = self._library, self._thorvg.check
        self._canvas = lib.tvg_swcanvas_create(0)
        if background is not None:
            shape = lib.tvg_shape_new()
            check(lib.tvg_shape_append_rect(shape, 0, 0, self.width, self.height, 0, 0, True), "make the background")
            check(lib.tvg_shape_set_fill_color(shape, *background, 255), "colour the background")
            check(lib.tvg_canvas_add(self._canvas, shape), "place the background")
        self._animation = lib.tvg_animation_new()
        picture = lib.tvg_animation_get_picture(self._animation)
        resolver = self._thorvg.resolver if self._clips is None else self._clips.resolver
        check(lib.tvg_picture_set_asset_resolver(picture, resolver, None), "set the asset resolver")
        # A copy, because ThorVG parses in place and would write into an immutable bytes object.
        loaded = lib.tvg_picture_load_data(picture, lottie, len(lottie), b"lottie", None, True)
        check(loaded, "read the scene as Lottie")
        natural_width, natural_height = ctypes.c_float(), ctypes.c_float()
        lib.tvg_picture_get_size(picture, ctypes.byref(natural_width), ctypes.byref(natural_height))
        if natural_width.value <= 0 or natural_height.value <= 0:
            raise RenderError("the scene has no size", code="engine_refused")
        scale = min(self.width / natural_width.value, self.height / natural_height.value)
        drawn_width, drawn_height = natural_width.value * scale, natural_height.value * scale
        check(lib.tvg_picture_set_size(picture, drawn_width, drawn_height), "size the scene")
        left, top = (self.width - drawn_width) / 2, (self.height - drawn_height) / 2
        if abs(left) >= 0.5 or abs(top) >= 0.5:
            check(lib.tvg_paint_translate(picture, left, top), "centre the scene")
        check(lib.tvg_canvas_add(self._canvas, picture), "place the scene")
        total = ctypes.c_float()
        lib.tvg_animation_get_total_frame(self._animation, ctypes.byref(total))
        self.total_frames = total.value

    def draw_into(self, buffer: memoryview | None) -> None:
        """Draw into this buffer (`width * height * 4` bytes) from now on, or into one of the animation's own, which it makes when it draws."""
        self._buffer = buffer
        if buffer is not None:
            self._set_target(buffer)

    def _set_target(self, buffer: bytearray | memoryview) -> None:
        address = ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
        self._thorvg.check(
            self._library.tvg_swcanvas_set_target(
                self._canvas, address, self.width, self.width, self.height, self._colorspace
            ),
            "make a canvas of this size",
        )

    def draw(self, frame: float) -> bytearray | memoryview:
        """Draw one frame, counted from the Lottie's in point (fractions are interpolated), and return the buffer that it is in."""
        lib, check = self._library, self._thorvg.check
        if self._buffer is None:
            self._buffer = bytearray(self.width * self.height * 4)
            self._set_target(self._buffer)
        if self._clips is not None:
            self._clips.show(frame)
        moved = lib.tvg_animation_set_frame(self._animation, frame)
        if moved not in {0, _NO_CHANGE}:
            check(moved, f"go to frame {frame:g}")
        check(lib.tvg_canvas_update(self._canvas), f"prepare frame {frame:g}")
        check(lib.tvg_canvas_draw(self._canvas, self._transparent), f"draw frame {frame:g}")
        check(lib.tvg_canvas_sync(self._canvas), f"finish frame {frame:g}")
        return self._buffer

    def close(self) -> None:
        """Free the canvas and what is on it."""
        if self._animation:
            self._library.tvg_animation_del(self._animation)
            self._animation = 0
        if self._canvas:
            self._library.tvg_canvas_destroy(self._canvas)
            self._canvas = 0
        if self._clips is not None:
            self._clips.close()
