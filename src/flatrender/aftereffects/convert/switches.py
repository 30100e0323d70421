"""Switches of a layer and settings of a composition that are no properties: what of them is not drawn is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from py_aep.enums import AutoOrientType, FrameBlendingType, LayerQuality, LayerSamplingQuality

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem

    from flatrender.aftereffects.convert.context import Place

_SQUARE = 1e-3
"""How far from 1 a pixel aspect ratio is still that of a square."""


def note_switches(layer: Any, place: Place) -> None:
    """Note what the layer's switches ask for and what is not drawn."""
    comp = layer.containing_comp
    if getattr(layer, "motion_blur", False) and comp.motion_blur:
        place.note("not_drawn", "layer.motion_blur", "motion blur is not drawn")
    if getattr(layer, "preserve_transparency", False):
        place.note("not_drawn", "layer.preserve_transparency", "the layer is not cut to what lies below it")
    blending = getattr(layer, "frame_blending_type", FrameBlendingType.NO_FRAME_BLEND)
    if blending != FrameBlendingType.NO_FRAME_BLEND and comp.frame_blending:
        place.note("approximate", "layer.frame_blending", "frames between those of the source are not blended")
    if getattr(layer, "quality", LayerQuality.BEST) != LayerQuality.BEST:
        place.note("approximate", "layer.quality", "the layer has draft quality; it is drawn in best quality")
    if getattr(layer, "sampling_quality", LayerSamplingQuality.BILINEAR) != LayerSamplingQuality.BILINEAR:
        place.note("approximate", "layer.sampling", "the picture is scaled as usual, not bicubically")
    if getattr(layer, "environment_layer", False):
        place.note("not_drawn", "layer.environment", "an environment layer lights the scene; it is drawn as a picture")
    if getattr(layer, "three_d_per_char", False):
        place.note("not_drawn", "text.per_character_3d", "letters that are turned in space one by one are drawn flat")
    if layer.auto_orient not in {AutoOrientType.NO_AUTO_ORIENT, AutoOrientType.ALONG_PATH}:
        place.note("not_drawn", "layer.auto_orient", "the layer does not turn to the camera")
    note_sound(layer, place)


def note_sound(layer: Any, place: Place) -> None:
    """Note a layer that is heard."""
    source: Any = getattr(layer, "source", None)
    if hasattr(source, "main_source") and source.width and layer.enabled:
        return  # a film brings its sound along
    if getattr(layer, "has_audio", False) and getattr(layer, "audio_enabled", False):
        place.note(
            "approximate", "layer.audio", "the layer's sound is not in the picture; give it to the film as a track"
        )


def note_composition(comp: CompItem, place: Place) -> None:
    """Note what the settings of a composition ask for."""
    if abs(float(comp.pixel_aspect) - 1) > _SQUARE:
        place.note(
            "approximate", "comp.pixel_aspect", f"pixels {comp.pixel_aspect:g} times as wide as high are drawn square"
        )
    if any(comp.bg_color):
        place.note(
            "exact",
            "comp.background",
            "the ground is transparent; give the film the composition's colour as its ground",
        )
    if comp.display_start_time:
        place.note(
            "exact",
            "comp.display_start",
            f"the composition's clock starts at {comp.display_start_time:g} s; the film's at 0",
        )
    if comp.work_area_start or abs(comp.work_area_duration - comp.duration) > 0.5 / float(comp.frame_rate):
        place.note("exact", "comp.work_area", "the work area is what is drawn")
    if (
        comp.motion_blur
        and comp.motion_blur_adaptive_sample_limit
        and any(getattr(layer, "motion_blur", False) for layer in comp.layers)
    ):
        place.note("not_drawn", "comp.motion_blur", "motion blur is not drawn")
    _note_project(comp, place)


def note_nested(comp: CompItem, place: Place) -> None:
    """Note what a nested composition keeps for itself."""
    if comp.preserve_nested_frame_rate and abs(float(comp.frame_rate) - place.fps) > 1e-3:
        place.note(
            "approximate",
            "comp.own_frame_rate",
            f"the composition keeps {comp.frame_rate:g} frames a second; it is drawn at the film's",
        )


def _note_project(comp: Any, place: Place) -> None:
    project = getattr(comp, "_project", None)
    if project is None:
        return
    depth = getattr(project.bits_per_channel, "name", "EIGHT")
    if depth != "EIGHT":
        place.note(
            "approximate",
            "project.depth",
            f"the project works in {depth.lower()} bits a channel; the picture has eight",
        )
    if getattr(project, "linear_blending", False) or getattr(project, "linearize_working_space", False):
        place.note("approximate", "project.linear_light", "colours are mixed as they are stored, not in linear light")
    space = str(getattr(project, "working_space", "") or "")
    if space and space.lower() not in {"none", ""} and "srgb" not in space.lower():
        place.note(
            "approximate", "project.color_space", f"colours of the working space {space[:60]!r} are drawn as sRGB"
        )
