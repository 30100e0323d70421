"""Drawn pictures into the planes that video encoders take, in a small WebAssembly program (`planar.wat`) that wasmtime compiles for this machine.

WebAssembly has the vector instructions that this needs, on every platform, and its integer results are the same on all of them. Of wasmtime only the
library is used, through its C interface: the package's own Python wrapper takes 50 ms to import. Call this in a worker process only.
"""

import ctypes
import functools
import importlib.util
import platform
import struct
import sys
from pathlib import Path

from flatrender.engine.errors import RenderError

_PROGRAM = Path(__file__).with_name("planar.wat")
_PAGE = 65536
_HEADER = 64
_ORDER = struct.Struct("<6I")
_MEMORY_KIND, _FUNCTION_KIND = 3, 0


class _Bytes(ctypes.Structure):
    """`wasm_byte_vec_t`."""

    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_void_p))


class _Instance(ctypes.Structure):
    """`wasmtime_instance_t`."""

    _fields_ = (("store", ctypes.c_uint64), ("private", ctypes.c_size_t))


class _Export(ctypes.Structure):
    """`wasmtime_extern_t`; the union's members are only handed back, so its inside need not be known."""

    _fields_ = (("kind", ctypes.c_uint8), ("of", ctypes.c_uint64 * 6))


@functools.cache
def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("wasmtime")
    if spec is None or spec.submodule_search_locations is None:
        raise RenderError("the package wasmtime is not installed", code="engine_refused")
    machine = {"AMD64": "x86_64", "arm64": "aarch64", "ARM64": "aarch64"}.get(platform.machine(), platform.machine())
    name = {"win32": "_wasmtime.dll", "darwin": "_libwasmtime.dylib"}.get(sys.platform, "_libwasmtime.so")
    path = Path(next(iter(spec.submodule_search_locations))) / f"{sys.platform}-{machine}" / name
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise RenderError(
            f"the package wasmtime has no library for {sys.platform}-{machine}", code="engine_refused"
        ) from error
    pointer, size, boolean = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_bool
    for function, arguments, result in (
        ("wasm_config_new", (), pointer),
        ("wasmtime_config_memory_reservation_set", (pointer, ctypes.c_uint64), None),
        ("wasmtime_config_memory_reservation_for_growth_set", (pointer, ctypes.c_uint64), None),
        ("wasmtime_config_memory_guard_size_set", (pointer, ctypes.c_uint64), None),
        ("wasmtime_config_signals_based_traps_set", (pointer, boolean), None),
        ("wasmtime_config_parallel_compilation_set", (pointer, boolean), None),
        ("wasm_engine_new_with_config", (pointer,), pointer),
        ("wasmtime_wat2wasm", (ctypes.c_char_p, size, pointer), pointer),
        ("wasm_byte_vec_delete", (pointer,), None),
        ("wasmtime_module_new", (pointer, pointer, size, pointer), pointer),
        ("wasmtime_store_new", (pointer, pointer, pointer), pointer),
        ("wasmtime_store_context", (pointer,), pointer),
        ("wasmtime_store_delete", (pointer,), None),
        ("wasmtime_instance_new", (pointer, pointer, pointer, size, pointer, pointer), pointer),
        ("wasmtime_instance_export_get", (pointer, pointer, ctypes.c_char_p, size, pointer), boolean),
        ("wasmtime_memory_grow", (pointer, pointer, ctypes.c_uint64, pointer), pointer),
        ("wasmtime_memory_data", (pointer, pointer), pointer),
        ("wasmtime_func_call", (pointer, pointer, pointer, size, pointer, size, pointer), pointer),
        ("wasmtime_error_message", (pointer, pointer), None),
        ("wasmtime_error_delete", (pointer,), None),
    ):
        bound = getattr(library, function)
        bound.argtypes, bound.restype = arguments, result
    return library


def _check(error: int | None, doing: str) -> None:
    if not error:
        return
    message = _Bytes()
    _library().wasmtime_error_message(error, ctypes.byref(message))
    text = ctypes.string_at(message.data, message.size).decode("utf-8", "replace")
    _library().wasm_byte_vec_delete(ctypes.byref(message))
    _library().wasmtime_error_delete(error)
    raise RenderError(f"pictures could not be converted: {doing}: {text}", code="engine_refused")


@functools.cache
def _program() -> tuple[int, int]:
    """Compile the program; return the engine and the module, which live as long as the process."""
    library = _library()
    config = library.wasm_config_new()
    # By default a memory reserves gigabytes of addresses and faults tell what lies outside: too much for a worker whose addresses are limited,
    # and signal handlers of its own in a process whose crashes must be seen.
    library.wasmtime_config_memory_reservation_set(config, 0)
    library.wasmtime_config_memory_reservation_for_growth_set(config, 0)
    library.wasmtime_config_memory_guard_size_set(config, 0)
    library.wasmtime_config_signals_based_traps_set(config, False)
    library.wasmtime_config_parallel_compilation_set(config, False)
    engine = library.wasm_engine_new_with_config(config)
    text, binary, module = _PROGRAM.read_bytes(), _Bytes(), ctypes.c_void_p()
    _check(library.wasmtime_wat2wasm(text, len(text), ctypes.byref(binary)), "reading the program")
    made = library.wasmtime_module_new(engine, binary.data, binary.size, ctypes.byref(module))
    library.wasm_byte_vec_delete(ctypes.byref(binary))
    _check(made, "compiling the program")
    assert module.value is not None  # noqa: S101  # no error was given
    return engine, module.value


class PlanarMemory:
    """Memory for a canvas of BGRA pixels and some pictures (`slots`) converted from it to planar YUV 4:2:0.

    Width and height are even, width at least 16. `strides` are the bytes from one row to the next of the first plane and of the other two, where
    rows do not follow each other without gaps. Raises RenderError `engine_refused` when the memory cannot be had.
    """

    def __init__(self, width: int, height: int, slots: int, strides: tuple[int, int] | None = None) -> None:
        self.size = (width, height)
        self.strides = strides or (width, width // 2)
        library = _library()
        engine, module = _program()
        self._store = library.wasmtime_store_new(engine, None, None)
        self._context = library.wasmtime_store_context(self._store)
        instance, trap = _Instance(), ctypes.c_void_p()
        made = library.wasmtime_instance_new(self._context, module, None, 0, ctypes.byref(instance), ctypes.byref(trap))
        _check(made, "starting the program")
        self._convert = self._export(instance, b"convert", _FUNCTION_KIND)
        memory = self._export(instance, b"memory", _MEMORY_KIND)
        self._picture = (self.strides[0] + self.strides[1]) * height
        self._first = _HEADER + width * height * 4
        total = self._first + slots * self._picture
        before = ctypes.c_uint64()
        grown = library.wasmtime_memory_grow(self._context, memory, -(-total // _PAGE), ctypes.byref(before))
        _check(grown, "asking for memory")
        self._bytes = (ctypes.c_char * total).from_address(library.wasmtime_memory_data(self._context, memory))
        self._view = memoryview(self._bytes).cast("B")

    def _export(self, instance: _Instance, name: bytes, kind: int) -> int:
        found = _Export()
        there = _library().wasmtime_instance_export_get(
            self._context, ctypes.byref(instance), name, len(name), ctypes.byref(found)
        )
        if not there or found.kind != kind:
            raise RenderError("pictures could not be converted: the program is not what it was", code="engine_refused")
        setattr(self, f"_kept_{name.decode()}", found)  # the address below points into it
        return ctypes.addressof(found) + _Export.of.offset

    @property
    def canvas(self) -> memoryview:
        """Where the pixels to convert are drawn: `width * height * 4` bytes, BGRA."""
        return self._view[_HEADER : self._first]

    def convert(self, slot: int) -> memoryview:
        """Convert what is on the canvas and return the slot's planes: Y, Cb, Cr, `width * height * 3 / 2` bytes where rows have no gaps."""
        start = self._first + slot * self._picture
        _ORDER.pack_into(self._view, 0, _HEADER, start, *self.size, *self.strides)
        trap = ctypes.c_void_p()
        _check(
            _library().wasmtime_func_call(self._context, self._convert, None, 0, None, 0, ctypes.byref(trap)),
            "converting a picture",
        )
        if trap.value:
            raise RenderError("pictures could not be converted: the program stopped", code="engine_refused")
        return self._view[start : start + self._picture]

    def close(self) -> None:
        """Free the memory: nothing may draw on the canvas or read a slot any more."""
        if self._store:
            _library().wasmtime_store_delete(self._store)
            self._store = None
