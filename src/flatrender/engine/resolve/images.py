"""The pictures of a scene: those that a person puts in, and the rest that came with the template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from flatrender.engine.clips.model import MEMBER, ClipFile, ClipSpec
from flatrender.engine.clips.probe import ClipSource, clip_source, film_file, poster
from flatrender.engine.clips.timing import place_size
from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import IMAGE, all_layers
from flatrender.engine.picture_value import Fit, PictureValue, PictureValueError, design_options
from flatrender.engine.pictures import MAX_BYTES, MAX_SIDE, data_uri_bytes, prepare
from flatrender.engine.resolve.values import refuse
from flatrender.engine.scene import SceneWarning
from flatrender.engine.template.model import Field
from flatrender.engine.template.package import Template
from flatrender.engine.template.pictures import asset_file, image_assets

OPTIONS_MEMBER = "fr_picture"
"""The member of an image asset that says how the template's own picture or film is shown: what an image value says, without `asset`."""
POSTER_S = 1.0
"""A clip's still shows what is shown so long after its layer began, or the middle of a shorter clip."""


class ImageSetter:
    """Puts pictures into one scene. Afterwards every image asset is a data URI: nothing is left to load."""

    def __init__(
        self,
        template: Template,
        lottie: Json,
        lottie_name: str,
        assets: Mapping[str, str | Path | bytes],
        warnings: list[SceneWarning],
        *,
        preview: bool,
    ) -> None:
        self._template = template
        self._lottie = lottie
        self._lottie_name = lottie_name
        self._assets = assets
        self._warnings = warnings
        self._preview = preview
        for asset in image_assets(lottie):
            asset.pop(MEMBER, None)  # only values put clips into scenes
        self._by_id = {a["id"]: a for a in image_assets(lottie) if isinstance(a.get("id"), str)}
        self._done: set[int] = set()
        self.clips: dict[str, ClipFile] = {}
        """The files of the clips that were put in, by their hash."""
        self._copies: dict[tuple[str, str], Json] = {}

    def put(self, field: Field, layer: Json, value: PictureValue) -> bool:
        """Fit the picture or film that `value` names into the layer's asset; False when the layer has none."""
        reference = layer.get("refId")
        asset = self._by_id.get(reference) if isinstance(reference, str) else None
        size = _designed_size(asset) if asset is not None else None
        if asset is None or size is None:
            return False
        value = _as_designed(value, asset)
        source = self._source(field, value.asset)
        where = f"field {field.key!r}: {value.asset}"
        film = film_file(source, where=where)
        if film is not None:
            clip = clip_source(film, where=where)
            if clip.info.frames > 1:
                self._put_clip(field, layer, asset, value, clip, where)
                return True
        prepared = prepare(
            _bytes_of(source, field, value.asset),
            *size,
            fit=field.constraints.fit,
            options=value,
            preview=self._preview,
            where=where,
        )
        if prepared.upscaled:
            self._warnings.append(
                SceneWarning(
                    code="picture_upscaled",
                    detail=f"the picture has less than half the pixels of its place ({size[0]}×{size[1]})",
                    field=field.key,
                    layer=str(layer.get("nm")),
                )
            )
        target = self._own_asset(field, layer, asset)
        target.pop(OPTIONS_MEMBER, None)
        target.update(u="", p=prepared.data_uri, e=1, w=size[0], h=size[1])
        self._done.add(id(target))
        return True

    def _own_asset(self, field: Field, layer: Json, asset: Json) -> Json:
        """Return the layer's asset, copied once a field when other layers show it too."""
        users = sum(
            other.get("ty") == IMAGE and other.get("refId") == asset["id"] for other in all_layers(self._lottie)
        )
        if users <= 1:
            return asset
        made = self._copies.get((field.key, asset["id"]))
        if made is not None:
            layer["refId"] = made["id"]
            return made
        number = 1
        while f"{asset['id']}-{number}" in self._by_id:
            number += 1
        copy = {**asset, "id": f"{asset['id']}-{number}"}
        self._by_id[copy["id"]] = copy
        self._copies[field.key, asset["id"]] = copy
        self._lottie["assets"].append(copy)
        layer["refId"] = copy["id"]
        return copy

    def _put_clip(
        self, field: Field, layer: Json, asset: Json, value: PictureValue, clip: ClipSource, where: str
    ) -> None:
        if clip.info.hdr:
            self._warnings.append(_hdr(field=field.key, layer=str(layer.get("nm"))))
        target = self._own_asset(field, layer, asset)
        target.pop(OPTIONS_MEMBER, None)
        self._show_clip(target, value, field.constraints.fit, clip, where)
        self._done.add(id(target))

    def _show_clip(self, asset: Json, value: PictureValue, fit: Fit, clip: ClipSource, where: str) -> None:
        size = _designed_size(asset)
        assert size is not None  # noqa: S101  # the caller has checked it
        spec = clip_spec(clip, value, fit, float(self._lottie["fr"]), where=where)
        moment = spec.start + min(value.clip.speed * POSTER_S, (spec.end - spec.start) / 2)
        still = poster(clip.path, spec, moment, *place_size(*size), where=where)
        asset.update(u="", p=still, e=1, w=size[0], h=size[1])
        asset[MEMBER] = msgspec.to_builtins(spec)
        self.clips[clip.sha256] = ClipFile(sha256=clip.sha256, path=clip.path)

    def _source(self, field: Field, name: str) -> bytes | Path:
        source = self._assets.get(name)
        if isinstance(source, bytes):
            return source
        if source is not None:
            return Path(source)
        if self._template.has_file(name) and not name.endswith(".json"):
            return self._template.read_file(name)
        raise refuse(field, "missing_asset", f"there is no picture {name[:80]!r}: upload it, or choose another")

    def embed_rest(self) -> None:
        """Embed the pictures that came with the template; what cannot be read is left out with a warning."""
        for asset in image_assets(self._lottie):
            if id(asset) in self._done:
                continue
            problem = self._embed(asset)
            asset["u"], asset["e"] = "", 1
            if problem is not None:
                asset["p"] = ""
                self._warnings.append(
                    SceneWarning(
                        code="missing_picture", detail=f"the picture {asset.get('id')!r} is not shown: {problem}"
                    )
                )

    def _embed(self, asset: Json) -> str | None:
        size = _designed_size(asset)
        if size is None:
            return "its size is missing or too large"
        data: bytes | None
        if asset["p"].startswith("data:"):
            data = data_uri_bytes(asset["p"])
        else:
            name = asset_file(self._template, asset, self._lottie_name)
            data = self._template.read_file(name) if name is not None else None
        if data is None:
            return "its file is not in the template"
        where = str(asset.get("id"))
        try:
            options = design_options(asset.pop(OPTIONS_MEMBER, None))
            fit = options.fit or "cover"
            film = None if asset["p"].startswith("data:") else film_file(data, where=where)
            clip = clip_source(film, where=where) if film is not None else None
            if clip is not None and clip.info.frames > 1:
                if clip.info.hdr:
                    self._warnings.append(_hdr(layer=where))
                self._show_clip(asset, options, fit, clip, where)
                return None
            asset["p"] = prepare(data, *size, fit=fit, options=options, preview=self._preview, where=where).data_uri
        except PictureValueError as error:
            return str(error)
        except ValueRefused as error:
            return error.detail
        return None


def _as_designed(value: PictureValue, asset: Json) -> PictureValue:
    """Return a person's value with what the design makes of the colours of whatever is put there."""
    try:
        grade = design_options(asset.get(OPTIONS_MEMBER)).filters.grade
    except PictureValueError:
        return value
    return (
        msgspec.structs.replace(value, filters=msgspec.structs.replace(value.filters, grade=grade)) if grade else value
    )


def _hdr(*, layer: str, field: str | None = None) -> SceneWarning:
    detail = "the film is HDR and looks pale here: convert it to SDR"
    return SceneWarning(code="clip_hdr", detail=detail, field=field, layer=layer)


def clip_spec(clip: ClipSource, value: PictureValue, fit: Fit, fps: float, *, where: str) -> ClipSpec:
    """Return how a film plays as a value says, in a composition of `fps` frames a second.

    Raises ValueRefused `value_out_of_range` when it begins after the film's end.
    """
    wanted = value.clip
    end = clip.info.duration_s if wanted.end is None else min(wanted.end, clip.info.duration_s)
    if wanted.start >= end:
        raise ValueRefused(
            f"the clip begins at {wanted.start:g} s, but the film lasts {clip.info.duration_s:.2f} s",
            code="value_out_of_range",
            where=where,
        )
    options = msgspec.structs.replace(
        value, asset="", fit=value.fit or fit, clip=msgspec.structs.replace(wanted, start=0.0, end=None)
    )
    return ClipSpec(
        sha256=clip.sha256,
        bytes=clip.bytes,
        first_pts=clip.info.first_pts,
        start=wanted.start,
        end=end,
        options=options,
        fps=fps,
        rounding=clip.info.rounding_s,
        interlaced=clip.info.interlaced,
        sound_offset=clip.info.sound_offset_s,
        sound_end=clip.info.sound_s,
    )


def _bytes_of(source: bytes | Path, field: Field, name: str) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with source.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise refuse(field, "missing_asset", f"the picture {name!r} cannot be read: check that it is there") from None


def _designed_size(asset: Json) -> tuple[int, int] | None:
    width, height = asset.get("w"), asset.get("h")
    if (
        not is_number(width)
        or not is_number(height)
        or not (1 <= width <= 4 * MAX_SIDE and 1 <= height <= 4 * MAX_SIDE)
    ):
        return None
    return round(width), round(height)
