"""The process that reads one uploaded package: limits first, then the engine's loader, then a result file. Started by `packages`.

Arguments: package, folder for the result, address space in bytes, seconds, the name to show.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from flatrender.engine.errors import EngineError, TemplateError, ValueRefused
from flatrender.services.content.packages import (
    RESULT_FILE,
    Package,
    PackageBlob,
    PackageField,
    PackageMusic,
    PackageProblem,
    PackageScene,
    PackageSize,
    ReadResult,
)

MAX_BLOBS = 200
MAX_WARNINGS = 500
MAX_BLOB_BYTES = 32 * 1024 * 1024
RESULT_FILE_BYTES = 256 * 1024 * 1024
PICTURE_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
MAX_PICTURE_PIXELS = 50_000_000


def main(arguments: list[str]) -> int:
    """Read the package and write `result.json`; the exit status says only whether there is one."""
    source, folder, memory_bytes, seconds, name = arguments
    limit_process(int(memory_bytes), int(seconds))
    try:
        result = ReadResult(package=_read(Path(source), Path(folder), name))
    except EngineError as error:
        kind = (
            "template" if isinstance(error, TemplateError) else "value" if isinstance(error, ValueRefused) else "engine"
        )
        result = ReadResult(problem=PackageProblem(kind=kind, code=error.code, detail=error.detail, where=error.where))
    except (MemoryError, RecursionError):
        result = ReadResult(
            problem=PackageProblem(
                kind="template",
                code="template_too_large",
                detail="reading the package takes more memory than it may: make it smaller",
                where=name,
            )
        )
    (Path(folder) / RESULT_FILE).write_bytes(msgspec.json.encode(result))
    return 0


def limit_process(memory_bytes: int, seconds: int) -> None:
    """Bound this process's memory, CPU time and file sizes where the system can (not on Windows)."""
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, RESULT_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _read(source: Path, folder: Path, name: str) -> Package:
    from flatrender.engine.template import load_template  # noqa: PLC0415 - only after the limits hold

    template = load_template(source, name=name)
    fields = [_field(field) for field in template.fields]
    scenes = [
        PackageScene(
            key=scene.key,
            title=dict(scene.title) or {"en": scene.key},
            scene_type=scene.scene_type,
            duration_frames=scene.duration_frames,
            snapshot_frame=scene.snapshot_frame,
            can_repeat=scene.can_repeat,
            is_required=scene.is_required,
            color_slots=_slots(template.lottie(scene.key), [slot.key for slot in template.color_slots]),
            fields=[_field(field) for field in scene.fields],
            duration=None if scene.duration is None else msgspec.to_builtins(scene.duration),
            engine=scene.engine,
            composition=next((made_of.composition for made_of in scene.compositions.values()), None),
        )
        for scene in template.scenes
    ]
    return Package(
        key=template.key,
        title=dict(template.manifest.title),
        description=dict(template.manifest.description),
        category=template.manifest.category or None,
        tags=list(template.manifest.tags),
        sha256=template.sha256,
        plain=template.plain,
        fps=template.fps,
        sizes=[PackageSize(key=size.key, width=size.width, height=size.height) for size in template.sizes],
        color_slots=[msgspec.to_builtins(slot) for slot in template.color_slots],
        presets=[{**msgspec.to_builtins(preset), "is_default": preset.is_default} for preset in template.presets],
        fonts=sorted(template.fonts.families),
        music=[
            PackageMusic(key=music.key, title=dict(music.title), license=music.license, path=music.file)
            for music in template.music
        ],
        fields=fields,
        scenes=scenes,
        blobs=list(_blobs(template, folder)),
        warnings=_warnings(template),
        source_path=None if template.manifest.source is None else template.manifest.source.file,
    )


def _warnings(template: Any) -> list[dict[str, Any]]:
    """Return what is not drawn as designed, and what the default values do not fit into."""
    from flatrender.engine.inspect import inspect_template  # noqa: PLC0415 - only after the limits hold
    from flatrender.engine.resolve import resolve_scene  # noqa: PLC0415 - likewise

    found = [msgspec.to_builtins(caution) for caution in inspect_template(template).warnings]
    for scene in template.scenes:
        for size in template.sizes:
            resolved = resolve_scene(template, scene.key, size=size.key, preview=True)
            found += [
                {**msgspec.to_builtins(warning), "scene": scene.key, "size": size.key} for warning in resolved.warnings
            ]
    return found[:MAX_WARNINGS]


def _field(field: Any) -> PackageField:
    constraints = msgspec.to_builtins(field.constraints)
    options = constraints.pop("options", [])
    if field.visible_when:
        constraints["visible_when"] = msgspec.to_builtins(field.visible_when)
    return PackageField(
        key=field.key,
        type=field.type,
        label=dict(field.label),
        default=field.default,
        options=list(options),
        constraints=constraints,
        bindings=[msgspec.to_builtins(binding) for binding in field.bindings],
        is_required=field.is_required,
    )


def _slots(lottie: Any, known: list[str]) -> list[str]:
    """Return which of the template's colour slots the animation uses, in the template's order."""
    used: set[str] = set()
    waiting = [lottie]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            sid = node.get("sid")
            if isinstance(sid, str):
                used.add(sid)
            sids = node.get("sids")
            if isinstance(sids, dict):
                used.update(value for value in sids.values() if isinstance(value, str))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return [key for key in known if key in used]


def _blobs(template: Any, folder: Path) -> Iterator[PackageBlob]:
    pictures = {
        path
        for owner in (template, *template.scenes)
        for field in owner.fields
        if field.type == "image"
        for path in (field.default.values() if isinstance(field.default, dict) else (field.default,))
        if isinstance(path, str) and template.has_file(path)
    }
    music = {piece.file for piece in template.music}
    for number, path in enumerate(sorted(pictures | music)):
        if number >= MAX_BLOBS:
            raise TemplateError(
                f"more than {MAX_BLOBS} pictures and pieces of music", code="template_too_large", where=path
            )
        data = template.read_file(path)
        if len(data) > MAX_BLOB_BYTES:
            raise TemplateError(f"more than {MAX_BLOB_BYTES} bytes", code="template_too_large", where=path)
        file = f"blob-{number}"
        blob = _sound(path, file, data) if path in music else _picture(path, file, data)
        (folder / file).write_bytes(data)
        yield blob


def _picture(path: str, file: str, data: bytes) -> PackageBlob:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only after the limits hold

    try:
        with Image.open(io.BytesIO(data), formats=list(PICTURE_TYPES)) as picture:
            width, height, kind = picture.width, picture.height, picture.format
            if width * height > MAX_PICTURE_PIXELS:
                raise TemplateError(
                    f"{width}×{height} px is more than {MAX_PICTURE_PIXELS} pixels",
                    code="template_too_large",
                    where=path,
                )
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise TemplateError("this is no PNG, JPEG or WebP picture", code="missing_asset", where=path) from error
    return PackageBlob(path=path, file=file, content_type=PICTURE_TYPES[str(kind)], width=width, height=height)


def _sound(path: str, file: str, data: bytes) -> PackageBlob:
    import av  # noqa: PLC0415 - only after the limits hold

    try:
        with av.open(io.BytesIO(data), mode="r", format=_container(data, path), timeout=10.0) as sound:
            seconds = 0.0
            for frame in sound.decode(sound.streams.audio[0]):
                seconds += frame.samples / frame.sample_rate
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise TemplateError("this is no Ogg Vorbis or WAV sound", code="missing_asset", where=path) from error
    if seconds <= 0:
        raise TemplateError("this piece of music has no length", code="missing_asset", where=path)
    return PackageBlob(
        path=path,
        file=file,
        content_type="audio/wav" if data[:4] == b"RIFF" else "audio/ogg",
        duration_ms=max(1, round(seconds * 1000)),
    )


def _container(data: bytes, path: str) -> str:
    """Return the demuxer to use: named by us, so that a playlist in disguise is never opened."""
    if data[:4] == b"OggS":
        return "ogg"
    if data[:4] == b"RIFF":
        return "wav"
    raise TemplateError("music is Ogg Vorbis or WAV", code="missing_asset", where=path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
