"""A picture or film of a person's in the place of the project's own.

A picture is fitted into the pixels of what it replaces, and so needs no change of any layer: its masks, animations and expressions stay right. A film
keeps its pixels and is laid into a composition of the designed size, as After Effects does for Media Replacement.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from py_aep import ImportOptions
from py_aep.enums import AlphaMode, KeyframeInterpolationType
from py_aep.models.items.composition import CompItem
from py_aep.models.properties.shape import Shape

from flatrender.aftereffects.personalise.colors import layers_showing
from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.paths import point_to
from flatrender.aftereffects.personalise.placing import placed

if TYPE_CHECKING:
    from py_aep.models.items.av_item import AVItem
    from py_aep.models.items.folder import FolderItem
    from py_aep.models.items.footage import FootageItem
    from py_aep.models.layers.av_layer import AVLayer
    from py_aep.models.project import Project

    from flatrender.aftereffects.personalise.media import Brought, MediaFolder
    from flatrender.aftereffects.personalise.report import Notes
    from flatrender.engine.picture_value import Fit, PictureValue

ITEMS_FOLDER = "FlatRender"
"""The folder of the project that holds what was brought."""
_LONGEST_S = 10_800.0
"""A composition of After Effects lasts three hours at most."""
_MAX_ROUNDS = 200


class FootageWriter:
    """Puts files into one project."""

    def __init__(self, project: Project, output: Path, media: MediaFolder, notes: Notes) -> None:
        self._project = project
        self._output = output
        self._media = media
        self._notes = notes
        self._made: dict[tuple[Any, ...], FootageItem] = {}

    def replace_layer(
        self,
        layer: AVLayer,
        file: Path,
        *,
        fit: Fit,
        options: PictureValue,
        where: str,
        with_others: frozenset[int] = frozenset(),
    ) -> AVItem:
        """Show a file in a layer, as large as what it shows now, and return the item that it shows then.

        Other layers that show the same keep it, unless `with_others` (ids of layers that are meant too) names them all: they are written by their
        own calls. Raises PersonaliseError `asset_missing`, `asset_invalid`, `place_unwritable` (the layer shows no footage).
        """
        old: Any = layer.source
        if old is None or not old.width or not old.height:
            raise PersonaliseError("the layer shows no picture", code="place_unwritable", where=where)
        if any(other.id not in with_others for other in layers_showing(old) if other is not layer):
            self._notes.note("source_shared", where, f"other layers show {old.name!r} too and keep it")
        item = self._shown(old, file, _span(layer), fit, options, where)
        name_kept = layer.name if layer.is_name_set else None
        try:
            layer.replace_source(item)
        except ValueError as error:
            raise PersonaliseError(str(error), code="place_unwritable", where=where) from error
        if name_kept is None:
            # Expressions, and the fields of a second round, name the layer as the designer saw it.
            layer.name = old.name
        return item

    def replace_item(self, item: FootageItem, file: Path, *, fit: Fit, options: PictureValue, where: str) -> None:
        """Show a file wherever an item of the project is shown, also in layers that are not written one by one.

        A film of another size than the item's cannot be fitted so; its layers are replaced instead.
        """
        layers = layers_showing(item)
        brought = self._bring(item, file, fit, options, where)
        if brought.film is None and (brought.width, brought.height) == (item.width, item.height):
            item.replace(brought.path)
            self._told_where(item, brought.path)
            _straight(item)
            return
        meant = frozenset(layer.id for layer in layers)
        for layer in layers:
            self.replace_layer(layer, file, fit=fit, options=options, where=where, with_others=meant)

    def _bring(self, old: Any, file: Path, fit: Fit, options: PictureValue, where: str) -> Brought:
        return self._media.bring(file, old.width, old.height, fit=fit, options=options, where=where, notes=self._notes)

    def _shown(self, old: Any, file: Path, span: float, fit: Fit, options: PictureValue, where: str) -> AVItem:
        brought = self._bring(old, file, fit, options, where)
        item = self._imported(brought)
        if brought.film is None and (brought.width, brought.height) == (old.width, old.height):
            if abs(old.pixel_aspect - item.pixel_aspect) > 1e-6:
                item = self._imported(brought, aspect=old.pixel_aspect)
            return item
        return self._wrapped(old, item, brought, span, fit, options, where)

    def _imported(self, brought: Brought, aspect: float = 1.0) -> FootageItem:
        key = (brought.path, round(aspect, 6))
        known = self._made.get(key)
        if known is not None:
            return known
        try:
            item: Any = self._project.import_file(ImportOptions(brought.path))
        except (ValueError, NotImplementedError, OSError) as error:
            raise PersonaliseError(f"After Effects cannot import the file: {error}", code="asset_invalid") from error
        if abs(aspect - 1.0) > 1e-6:
            item.pixel_aspect = aspect
        item.parent_folder = self._folder()
        _straight(item)
        self._told_where(item, brought.path)
        self._made[key] = item
        return item  # type: ignore[no-any-return]

    def _told_where(self, item: FootageItem, path: Path) -> None:
        point_to(item, path, self._output)

    def _folder(self) -> FolderItem:
        for item in self._project.root_folder.items:
            if item.type_name == "Folder" and item.name == ITEMS_FOLDER:
                return item  # type: ignore[return-value]
        return self._project.root_folder.add_folder(ITEMS_FOLDER)

    def _wrapped(
        self, old: Any, item: FootageItem, brought: Brought, span: float, fit: Fit, options: PictureValue, where: str
    ) -> CompItem:
        host = next(iter(layers_showing(old))).containing_comp
        seconds = min(_LONGEST_S, max(span, 1 / host.frame_rate))
        seconds = math.ceil(seconds * host.frame_rate - 1e-6) / host.frame_rate
        folder = self._folder()
        name = f"{old.name[:24]} {brought.path.stem}"
        comp = folder.add_comp(name, old.width, old.height, old.pixel_aspect, seconds, host.frame_rate)
        inner: Any = comp.add(item)
        if brought.film is None:
            place = placed((brought.width, brought.height), (old.width, old.height), "fill", _plain(options))
        else:
            place = placed((brought.width, brought.height), (old.width, old.height), fit, options)
        transform = inner.transform
        transform["ADBE Position"].value = [*place.position, 0.0]
        transform["ADBE Scale"].value = [*place.scale, 100.0]
        if place.rotation:
            transform["ADBE Rotate Z"].value = place.rotation
        if place.mask is not None:
            left, top, right, bottom = place.mask
            mask: Any = inner.masks.add_property("ADBE Mask Atom")
            mask["ADBE Mask Shape"].value = Shape(
                vertices=[[left, top], [right, top], [right, bottom], [left, bottom]], closed=True
            )
        if brought.film is None:
            inner.out_point = seconds
        else:
            self._timed(inner, item, options, seconds, where)
            self._notes.note(
                "media_wrapped", where, f"the film lies in a composition of {old.width}x{old.height} px, {name!r}"
            )
        return comp

    def _timed(self, layer: Any, item: FootageItem, options: PictureValue, seconds: float, where: str) -> None:
        """Play the film as its options say, for `seconds` of the composition."""
        clip = options.clip
        frame = 1 / (item.frame_rate or 25.0)
        end = min(clip.end if clip.end is not None else item.duration, item.duration)
        if clip.start >= end:
            raise PersonaliseError(
                f"the film lasts {item.duration:g} s; it cannot start at {clip.start:g} s",
                code="asset_invalid",
                where=where,
            )
        lasts = (end - clip.start) / clip.speed
        whole = clip.start == 0 and clip.speed == 1 and lasts >= seconds - frame / 2
        if not whole and (lasts >= seconds - frame / 2 or clip.after == "hide"):
            layer.stretch = 100.0 / clip.speed
            layer.start_time = -clip.start / clip.speed
        elif not whole:
            self._remapped(layer, clip, end - frame, lasts, seconds)
        layer.in_point = 0.0
        layer.out_point = min(seconds, lasts) if clip.after == "hide" else seconds
        if clip.volume == 0:
            layer.audio_enabled = False
        elif clip.volume != 1 and item.has_audio:
            decibels = 20 * math.log10(clip.volume)
            layer["ADBE Audio Group"]["ADBE Audio Levels"].value = [decibels, decibels]

    def _remapped(self, layer: Any, clip: Any, last: float, lasts: float, seconds: float) -> None:
        layer.time_remap_enabled = True
        remap = layer["ADBE Time Remapping"]
        remap.remove_all_keys()
        rounds = 1 if clip.after != "loop" else min(_MAX_ROUNDS, math.ceil(seconds / lasts))
        step = (last - clip.start) / clip.speed
        times: list[tuple[float, float]] = []
        for number in range(rounds):
            times += [(number * lasts, clip.start), (number * lasts + step, last)]
        if clip.after == "first":
            times.append((lasts, clip.start))
        for at, value in times:
            remap.set_value_at_time(at, value)
        hold = KeyframeInterpolationType.HOLD
        for key in remap.keyframes:
            if key.value >= last - 1e-9:
                key.out_interpolation_type = hold


def _straight(item: Any) -> None:
    if item.main_source.has_alpha:
        item.main_source.alpha_mode = AlphaMode.STRAIGHT


def _plain(options: PictureValue) -> PictureValue:
    return type(options)(asset=options.asset)


def _span(layer: Any) -> float:
    """Return until which of its own seconds a layer shows its source."""
    factor = abs(layer.stretch) / 100 or 1.0
    remap = layer["ADBE Time Remapping"] if layer.time_remap_enabled else None
    if remap is not None and remap.keyframes:
        return max(float(key.value) for key in remap.keyframes)
    shown = min(float(layer._ldta.out_point), float(layer.containing_comp.duration) * 2 / factor)
    return max(float(layer.source.duration), shown)
