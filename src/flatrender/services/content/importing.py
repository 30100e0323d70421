"""From an uploaded package to rows: read it safely, keep its bytes, then write everything in one transaction."""

import re
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.content import SizeOption
from flatrender.contracts.files import FilesApi, StoredFile, StoreRequest
from flatrender.kit.db import Conn, Database, IdempotencyKey, run_once
from flatrender.kit.errors import Conflict, Refused
from flatrender.kit.ids import new_id
from flatrender.services.content.after_effects import Conversion
from flatrender.services.content.details import CONFIG_SCENE_KEY, StoredMusic, VersionManifest
from flatrender.services.content.errors import file_not_found, not_found
from flatrender.services.content.packages import Package, PackageBlob, PackageField, PackageReader, ReadPackage
from flatrender.services.content.queries import projects, scenes, versions
from flatrender.services.content.settings import ContentSettings
from flatrender.services.content.uploaded import UploadedFiles

MANIFEST = "template.json"
MAX_FPS = 120
MAX_SCENES = 200
MIN_SIDE, MAX_SIDE = 16, 8192
SLUG_TRIES = 100
MAX_SLUG = 80
LATIN = re.compile(r"[a-z0-9]")
CATEGORY_NAMES = {
    "opener": {"fa": "آغازگر", "en": "Openers"},
    "promo": {"fa": "معرفی محصول", "en": "Promos"},
    "social": {"fa": "شبکه‌های اجتماعی", "en": "Social"},
    "sale": {"fa": "فروش ویژه", "en": "Sales"},
}
"""Names of the categories that everybody starts with; another one is called by its key until somebody names it."""


class KeptSource(msgspec.Struct, frozen=True, kw_only=True):
    """An After Effects project whose bytes are kept, and what its conversion found."""

    file: StoredFile
    conversion: Conversion


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A package that was read and whose bytes are kept; nothing of it is in the database yet."""

    package: Package
    package_file: StoredFile
    files: dict[str, StoredFile]
    """Path in the package → public file."""
    blobs: dict[str, PackageBlob]
    source: KeptSource | None = None
    """The After Effects project that the package was made from."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """Where an import ended up."""

    project_id: UUID
    version_id: UUID


class Importer:
    """Brings packages into a tenant's catalogue."""

    def __init__(
        self, *, database: Database, files: FilesApi, reader: PackageReader, settings: ContentSettings
    ) -> None:
        self._database = database
        self._files = files
        self._reader = reader
        self._settings = settings
        self._uploaded = UploadedFiles(files=files, objects=None)

    async def add_project(
        self, *, tenant_id: UUID, user_id: UUID, file_id: UUID, key: IdempotencyKey | None
    ) -> Imported:
        """Import an uploaded file as a new draft.

        Raises NotFound `content.file_not_found`, Refused with the code of what is wrong with the package.
        """
        kept = await self._keep_upload(tenant_id, user_id, file_id)
        async with self._database.tenant(tenant_id) as conn:

            async def effect() -> Imported:
                return await self.write_project(
                    conn, tenant_id=tenant_id, user_id=user_id, kept=kept, visibility="tenant"
                )

            if key is None:
                return await effect()
            return await run_once(conn, "content", tenant_id, "projects", key, Imported, effect)

    async def add_version(
        self, *, tenant_id: UUID, user_id: UUID, project_id: UUID, file_id: UUID, key: IdempotencyKey | None
    ) -> Imported:
        """Import an uploaded file as the next version of one of the tenant's templates.

        Raises as `add_project`, NotFound for an unknown template, Conflict `content.version_unchanged` for the package that it has.
        """
        async with self._database.tenant(tenant_id) as conn:
            if await projects.own(conn, tenant_id=tenant_id, project_id=project_id) is None:
                raise not_found("template")
        kept = await self._keep_upload(tenant_id, user_id, file_id)
        async with self._database.tenant(tenant_id) as conn:

            async def effect() -> Imported:
                return await self.write_version(
                    conn, tenant_id=tenant_id, user_id=user_id, project_id=project_id, kept=kept
                )

            if key is None:
                return await effect()
            return await run_once(conn, "content", tenant_id, f"versions:{project_id}", key, Imported, effect)

    async def keep(self, *, tenant_id: UUID, data: bytes, name: str, content_type: str) -> Kept:
        """Read a package and keep its bytes: the package for us, its default pictures and its music as public files."""
        async with self._reader.read(data, name) as read:
            package = read.package
            _check_limits(package, name)
            requests = [
                StoreRequest(
                    name=_file_name(name),
                    purpose="template_package",
                    content_type=content_type,
                    data=data,
                    dedupe_key=f"content:package:{package.sha256}",
                ),
                *(self._public(read, blob) for blob in package.blobs),
            ]
        stored = await self._files.store(tenant_id=tenant_id, requests=requests)
        return Kept(
            package=package,
            package_file=stored[0],
            files={blob.path: file for blob, file in zip(package.blobs, stored[1:], strict=True)},
            blobs={blob.path: blob for blob in package.blobs},
        )

    async def write_project(
        self, conn: Conn, *, tenant_id: UUID, user_id: UUID | None, kept: Kept, visibility: str
    ) -> Imported:
        """Write a new draft with its first version into the caller's transaction."""
        package = kept.package
        project_id = new_id()
        base = slug_of(package.key)
        for number in range(1, SLUG_TRIES + 1):
            size = package.sizes[0]
            added = await projects.insert(
                conn,
                tenant_id=tenant_id,
                project_id=project_id,
                slug=base if number == 1 else f"{base}-{number}",
                engine="aftereffects" if kept.source is not None or package.source_path is not None else "lottie",
                visibility=visibility,
                author_user_id=user_id,
                title=package.title,
                description=package.description,
                width=size.width,
                height=size.height,
                fps=package.fps,
                duration_frames=_duration(package),
                sizes=[msgspec.to_builtins(option) for option in package.sizes],
                color_slots=package.color_slots,
            )
            if added:
                break
        else:
            raise Conflict(f"there are already {SLUG_TRIES} templates called {base}", code="content.slug_taken")
        if package.category is not None and LATIN.search(package.category.lower()):
            await _put_into_category(conn, tenant_id=tenant_id, project_id=project_id, slug=slug_of(package.category))
        return await self.write_version(conn, tenant_id=tenant_id, user_id=user_id, project_id=project_id, kept=kept)

    async def write_version(
        self, conn: Conn, *, tenant_id: UUID, user_id: UUID | None, project_id: UUID, kept: Kept, same: bool = False
    ) -> Imported:
        """Write the next version into the caller's transaction; what is published stays published as it was.

        `same` says that it is the project of the newest version, completed: what the administrator set of its scenes stays.
        """
        if await projects.lock(conn, tenant_id=tenant_id, project_id=project_id) is None:
            raise not_found("template")
        package = kept.package
        before = await versions.newest(conn, tenant_id=tenant_id, project_id=project_id)
        sha256 = bytes.fromhex(package.sha256)
        source = _source_columns(kept)
        if (
            before is not None
            and before.package_sha256 == sha256
            and before.source_sha256 == (None if source is None else source.sha256)
        ):
            raise Conflict(
                f"this is the package of version {before.version_no}, which is the newest",
                code="content.version_unchanged",
            )
        preset_ids, default_preset_id = await _write_presets(conn, tenant_id, project_id, package)
        config_scene_id, scene_ids = await _write_scenes(conn, tenant_id, project_id, kept, same=same)
        version_id = new_id()
        manifest = VersionManifest(
            key=package.key,
            title=package.title,
            description=package.description,
            category=package.category,
            tags=package.tags,
            fps=package.fps,
            duration_frames=_duration(package),
            sizes=[SizeOption(key=size.key, width=size.width, height=size.height) for size in package.sizes],
            color_slots=package.color_slots,
            fonts=package.fonts,
            music=[
                StoredMusic(
                    key=piece.key,
                    title=piece.title,
                    license=piece.license,
                    file_id=kept.files[piece.path].id,
                    url=kept.files[piece.path].permanent_url or "",
                    duration_ms=kept.blobs[piece.path].duration_ms or 1,
                )
                for piece in package.music
            ],
            preset_ids=preset_ids,
            default_preset_id=default_preset_id,
            scene_ids=scene_ids,
            config_scene_id=config_scene_id,
            durations={scene.key: scene.duration for scene in package.scenes if scene.duration is not None},
        )
        await versions.insert(
            conn,
            tenant_id=tenant_id,
            version_id=version_id,
            project_id=project_id,
            version_no=1 if before is None else before.version_no + 1,
            package_file_id=kept.package_file.id,
            package_sha256=sha256,
            package_bytes=kept.package_file.size_bytes,
            entry_path=kept.package_file.name if package.plain else MANIFEST,
            first_scene=package.scenes[0].key,
            manifest=msgspec.to_builtins(manifest),
            report={"warnings": package.warnings + _left_out(kept)},
            created_by_user_id=user_id,
            source=source,
        )
        return Imported(project_id=project_id, version_id=version_id)

    async def _keep_upload(self, tenant_id: UUID, user_id: UUID, file_id: UUID) -> Kept:
        file = await self._uploaded.find(tenant_id=tenant_id, user_id=user_id, file_id=file_id)
        if file.size_bytes > self._settings.package_bytes:
            raise Refused(
                f"{file.name}: {file.size_bytes} bytes; at most {self._settings.package_bytes} are imported",
                code="content.template_too_large",
            )
        data = (
            await self._files.read(tenant_id=tenant_id, ids=[file_id], limit_bytes=self._settings.package_bytes)
        ).get(file_id)
        if data is None:
            raise file_not_found()
        return await self.keep(tenant_id=tenant_id, data=data, name=file.name, content_type=file.content_type)

    @staticmethod
    def _public(read: ReadPackage, blob: PackageBlob) -> StoreRequest:
        return StoreRequest(
            name=_file_name(blob.path),
            purpose="audio" if blob.content_type.startswith("audio/") else "template_preview",
            content_type=blob.content_type,
            data=(read.folder / blob.file).read_bytes(),
            public=True,
            width=blob.width,
            height=blob.height,
            duration_ms=blob.duration_ms,
            dedupe_key=f"content:{read.package.sha256}:{blob.path}"[:255],
        )


def _check_limits(package: Package, name: str) -> None:
    """Raise Refused for what the engine reads and the platform does not serve."""
    if package.fps > MAX_FPS:
        raise Refused(
            f"{name}: {package.fps:g} frames a second; at most {MAX_FPS} are served", code="content.manifest_invalid"
        )
    for size in package.sizes:
        if not (MIN_SIDE <= size.width <= MAX_SIDE and MIN_SIDE <= size.height <= MAX_SIDE):
            raise Refused(
                f"{name}: size {size.key} is {size.width}×{size.height}; {MIN_SIDE} to {MAX_SIDE} px are served",
                code="content.manifest_invalid",
            )
    if len(package.scenes) > MAX_SCENES:
        raise Refused(f"{name}: {len(package.scenes)} scenes; at most {MAX_SCENES}", code="content.template_too_large")


def slug_of(key: str) -> str:
    """Return the key as it may stand in an address: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:MAX_SLUG] or "template"


def _file_name(path: str) -> str:
    name = re.sub(r"[\x00-\x1f\\/]", "", PurePosixPath(path).name)
    return name[-200:] or "package"


def _left_out(kept: Kept) -> list[dict[str, Any]]:
    names = [] if kept.source is None else kept.source.conversion.left_out
    detail = "this composition is in no scene: its size is one that not every scene has, or there are too many"
    return [{"code": "composition_left_out", "detail": detail, "layer": name} for name in names[:MAX_SCENES]]


def _source_columns(kept: Kept) -> versions.SourceColumns | None:
    """Return where the version's After Effects project lies: in an archive of its own, or in the package that was uploaded with it."""
    if kept.source is not None:
        return versions.SourceColumns(
            file_id=kept.source.file.id,
            sha256=kept.source.file.sha256,
            path=kept.source.conversion.project,
            missing_fonts=msgspec.to_builtins(kept.source.conversion.missing_fonts),
            missing_footage=msgspec.to_builtins(kept.source.conversion.missing_footage),
        )
    if kept.package.source_path is None:
        return None
    return versions.SourceColumns(
        file_id=kept.package_file.id,
        sha256=kept.package_file.sha256,
        path=kept.package.source_path,
        missing_fonts=[],
        missing_footage=[],
    )


def _duration(package: Package) -> int:
    return sum(scene.duration_frames for scene in package.scenes)


async def _put_into_category(conn: Conn, *, tenant_id: UUID, project_id: UUID, slug: str) -> None:
    known = {row.slug: row for row in await projects.categories(conn, tenant_id=tenant_id)}
    name = known[slug].name if slug in known else CATEGORY_NAMES.get(slug, {"en": slug.replace("-", " ").capitalize()})
    category_id = await projects.add_category(conn, tenant_id=tenant_id, slug=slug, name=name)
    await projects.put_into_category(conn, tenant_id=tenant_id, project_id=project_id, category_id=category_id)


async def _write_presets(
    conn: Conn, tenant_id: UUID, project_id: UUID, package: Package
) -> tuple[list[UUID], UUID | None]:
    await versions.retire_presets(conn, tenant_id=tenant_id, project_id=project_id)
    ids = [new_id() for _ in package.presets]
    default = next((i for i, preset in enumerate(package.presets) if preset.get("is_default")), 0 if ids else None)
    for number, (preset_id, preset) in enumerate(zip(ids, package.presets, strict=True)):
        await versions.insert_preset(
            conn,
            tenant_id=tenant_id,
            preset_id=preset_id,
            project_id=project_id,
            name=preset["name"],
            payload={"key": preset["key"], "colors": preset["colors"]},
            is_default=number == default,
            sort_order=number,
        )
    return ids, None if default is None else ids[default]


async def _write_scenes(
    conn: Conn, tenant_id: UUID, project_id: UUID, kept: Kept, *, same: bool
) -> tuple[UUID, list[UUID]]:
    before = await scenes.retire(conn, tenant_id=tenant_id, project_id=project_id)
    package = kept.package
    config_id = new_id()
    await scenes.insert(
        conn,
        tenant_id=tenant_id,
        scene_id=config_id,
        project_id=project_id,
        key=CONFIG_SCENE_KEY,
        title=package.title,
        composition=CONFIG_SCENE_KEY,
        engine="thorvg",
        findings=[],
        scene_type="config",
        image=None,
        snapshot_frame=0,
        duration_frames=1,
        can_repeat=False,
        is_required=False,
        color_slots=[],
        sort_order=0,
        is_active=True,
    )
    await _write_fields(conn, tenant_id, config_id, package.fields, kept)
    ids: list[UUID] = []
    for number, scene in enumerate(package.scenes, start=1):
        scene_id = new_id()
        known = before.get(scene.key)
        edited = known if same else None
        origin = None if kept.source is None else kept.source.conversion.scenes.get(scene.key)
        await scenes.insert(
            conn,
            tenant_id=tenant_id,
            scene_id=scene_id,
            project_id=project_id,
            key=scene.key,
            title=scene.title if edited is None else edited.title,
            composition=scene.composition or scene.key if origin is None else origin.composition,
            engine=scene.engine if origin is None else origin.engine,
            findings=[] if origin is None else msgspec.to_builtins(origin.findings),
            scene_type=scene.scene_type,
            image=None,
            snapshot_frame=scene.snapshot_frame
            if edited is None
            else min(edited.snapshot_frame, scene.duration_frames - 1),
            duration_frames=scene.duration_frames,
            can_repeat=scene.can_repeat,
            is_required=scene.is_required,
            color_slots=scene.color_slots,
            sort_order=number,
            is_active=known is None or known.is_active,
        )
        await _write_fields(conn, tenant_id, scene_id, scene.fields, kept)
        ids.append(scene_id)
    return config_id, ids


async def _write_fields(conn: Conn, tenant_id: UUID, scene_id: UUID, fields: list[PackageField], kept: Kept) -> None:
    for number, field in enumerate(fields):
        await scenes.insert_field(
            conn,
            tenant_id=tenant_id,
            scene_id=scene_id,
            key=field.key,
            type=field.type,
            label=field.label,
            default=_picture_url(field.default, kept) if field.type == "image" else field.default,
            options=field.options,
            constraints=field.constraints,
            bindings=field.bindings,
            is_required=field.is_required,
            sort_order=number,
        )


def _picture_url(default: Any, kept: Kept) -> Any:
    """Return the public address of a default picture: the path in the package means nothing outside of it."""
    if isinstance(default, dict):
        return {locale: _picture_url(path, kept) for locale, path in default.items()}
    file = kept.files.get(default) if isinstance(default, str) else None
    return None if file is None else file.permanent_url
