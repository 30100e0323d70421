"""Loading templates: a folder, an archive of it (`.frt`), a Lottie animation (`.json`) or a dotLottie (`.lottie`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from flatrender.engine.errors import TemplateError
from flatrender.engine.lottie.document import canonical, decode_json, parse_lottie
from flatrender.engine.lottie.legacy import modernise
from flatrender.engine.template.check import check_files, check_manifest
from flatrender.engine.template.model import Manifest
from flatrender.engine.template.package import Template
from flatrender.engine.template.palette import with_derived_defaults
from flatrender.engine.template.pictures import asset_file, image_assets
from flatrender.engine.template.plain import suggest
from flatrender.engine.template.store import MAX_FILE_BYTES, ArchiveStore, FolderStore, MemoryStore, Store, name_problem
from flatrender.engine.template.themes import theme_presets

MANIFEST = "template.json"
_MAX_MANIFEST = 4 * 1024 * 1024


def load_template(source: str | Path | bytes, *, name: str | None = None) -> Template:
    """Load and check a template from a path or from a file's bytes; `name` stands for the bytes in messages.

    Raises TemplateError `not_json`, `not_lottie`, `no_layers`, `template_too_large`, `archive_unsafe`, `archive_bomb`, `manifest_invalid`
    or `missing_asset`.
    """
    if isinstance(source, bytes):
        return _load_bytes(source, name or "template", {})
    path = Path(source)
    where = name or str(path)
    try:
        if path.is_dir():
            return _load_package(FolderStore(path), where)
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise TemplateError(
                f"{size} bytes; at most {MAX_FILE_BYTES} are read: make its pictures and music smaller",
                code="template_too_large",
                where=where,
            )
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise TemplateError(f"cannot be read ({reason}): check the path", code="missing_asset", where=where) from None
    return _load_bytes(data, where, {}, folder=path.parent)


def _load_bytes(data: bytes, where: str, beside: Mapping[str, bytes], folder: Path | None = None) -> Template:
    if len(data) > MAX_FILE_BYTES:
        raise TemplateError(
            f"more than {MAX_FILE_BYTES} bytes: make its pictures and music smaller",
            code="template_too_large",
            where=where,
        )
    if data[:2] == b"PK":
        return _load_archive(ArchiveStore(data, where), where)
    template = _load_plain(data, where, beside)
    if folder is not None:
        pictures = _pictures_beside(template, folder)
        if pictures:
            return _load_plain(data, where, pictures)
    return template


def _load_archive(archive: ArchiveStore, where: str) -> Template:
    if MANIFEST in archive.names:
        return _load_package(archive, where)
    if "manifest.json" in archive.names:
        return _load_dotlottie(archive, where)
    tops = {entry.split("/", 1)[0] for entry in archive.names}
    if len(tops) == 1 and f"{next(iter(tops))}/{MANIFEST}" in archive.names:
        # The folder itself was packed, not what is in it.
        prefix = next(iter(tops)) + "/"
        return _load_package(MemoryStore({n.removeprefix(prefix): archive.read(n) for n in archive.names}), where)
    raise TemplateError(
        f"the archive has neither {MANIFEST} (a template) nor manifest.json (a dotLottie) at its root",
        code="manifest_invalid",
        where=where,
    )


def _load_package(store: Store, where: str) -> Template:
    manifest_name = f"{where}: {MANIFEST}"
    try:
        data = store.read(MANIFEST)
    except KeyError:
        raise TemplateError(
            f"there is no {MANIFEST}: this is no template's folder", code="manifest_invalid", where=where
        ) from None
    raw = decode_json(data, manifest_name, limit=_MAX_MANIFEST)
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        raise TemplateError(f"{error}: see the template format", code="manifest_invalid", where=manifest_name) from None
    check_manifest(manifest, manifest_name)
    manifest = with_derived_defaults(manifest)
    template = Template(manifest, store, where)
    check_files(template)
    return template


def _load_plain(data: bytes, where: str, beside: Mapping[str, bytes], file: str = "animation.json") -> Template:
    lottie = parse_lottie(data, where)
    modernise(lottie)
    manifest = suggest(lottie, file, where)
    return Template(manifest, MemoryStore({**beside, file: canonical(lottie)}), where, plain=True)


def _pictures_beside(template: Template, folder: Path) -> dict[str, bytes]:
    """Return the pictures that a bare Lottie names beside it, below its own folder only."""
    found: dict[str, bytes] = {}
    root = folder.resolve()
    scene = template.scenes[0]
    for asset in image_assets(template.lottie(scene.key)):
        if asset["p"].startswith("data:"):
            continue
        sub = asset["u"] if isinstance(asset.get("u"), str) else ""
        for name in (f"{sub.strip('/')}/{asset['p']}".lstrip("/"), f"images/{asset['p']}"):
            if name in found or name_problem(name) is not None:
                continue
            path = (root / name).resolve()
            try:
                if path.is_relative_to(root) and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
                    found[name] = path.read_bytes()
                    break
            except OSError:
                continue
    return found


def _load_dotlottie(archive: ArchiveStore, where: str) -> Template:
    """Load dotLottie 1 (`animations/`, `images/`) and 2 (`a/`, `i/`), by the dotLottie specification: its initial or first animation, its themes as presets."""
    raw = decode_json(archive.read("manifest.json"), f"{where}: manifest.json", limit=_MAX_MANIFEST)
    animations = raw.get("animations") if isinstance(raw, dict) else None
    ids = (
        [a["id"] for a in animations if isinstance(a, dict) and isinstance(a.get("id"), str)]
        if isinstance(animations, list)
        else []
    )
    if not ids or not isinstance(raw, dict):
        raise TemplateError("manifest.json names no animation", code="manifest_invalid", where=where)
    initial = raw.get("initial")
    wanted = initial.get("animation") if isinstance(initial, dict) else raw.get("activeAnimationId")
    chosen = wanted if wanted in ids else ids[0]
    for name in (f"a/{chosen}.json", f"animations/{chosen}.json"):
        if name in archive.names:
            break
    else:
        raise TemplateError(
            f"the dotLottie names animation {chosen!r} but does not hold it", code="missing_asset", where=where
        )
    data = archive.read(name)
    probe = Template(suggest(parse_lottie(data, f"{where}: {name}"), name, where), archive, where, plain=True)
    pictures: dict[str, bytes] = {}
    for asset in image_assets(probe.lottie(probe.scenes[0].key)):
        picture = None if asset["p"].startswith("data:") else asset_file(probe, asset, name)
        if picture is not None:
            pictures[picture] = archive.read(picture)
    template = _load_plain(data, where, pictures, name)
    presets = theme_presets(archive, raw, str(chosen), {slot.key for slot in template.color_slots}, where)
    if not presets:
        return template
    return Template(msgspec.structs.replace(template.manifest, presets=presets), template.store, where, plain=True)
