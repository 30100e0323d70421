"""Projects with one feature each, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from py_aep.enums import (
    AutoOrientType,
    BlendingMode,
    DigitSet,
    FontBaselineOption,
    FontCapsOption,
    FrameBlendingType,
    LayerQuality,
    LayerSamplingQuality,
    LineJoinType,
    MaskMode,
    ParagraphDirection,
    ParagraphJustification,
    TrackMatteType,
)
from py_aep.models.properties.shape import Shape

from .making import add_comp, new_project

RED, BLUE, WHITE, GREEN = (255, 0, 0), (0, 0, 255), (255, 255, 255), (0, 255, 0)
Color = tuple[int, int, int]
Probes = tuple[tuple[int, int, Color], ...]


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A composition `Main`, 96x64 at 25/s, that has one feature."""

    name: str
    make: Callable[[Any, Any], None]
    """Gets the project and its composition."""
    shows: Probes = ()
    """Points of the picture on white and their colours: the feature is drawn right."""
    named: str = ""
    """Part of a finding's name: the report says what is not drawn as designed."""
    frame: float = 0
    inked: bool = False
    """Whether something black stands in the picture."""


def built(feature: Feature) -> Any:
    """Return the composition."""
    project = new_project()
    comp = add_comp(project)
    feature.make(project, comp)
    return comp


def square(comp: Any, color: tuple[float, float, float] = (1, 0, 0), name: str = "Square") -> Any:
    """Add a solid of 20x20 px in the middle: x from 38 to 58, y from 22 to 42."""
    return comp.add_solid(list(color), name, 20, 20, 1.0)


def shape_group(comp: Any) -> Any:
    """Add a shape layer in the middle and return the contents of its group."""
    layer = comp.add_shape()
    group = layer["ADBE Root Vectors Group"].add_property("ADBE Vector Group")
    return group["ADBE Vectors Group"]


def filled(comp: Any, kind: str = "ADBE Vector Shape - Rect", size: float = 20) -> Any:
    """Add a red shape of `size` px in the middle and return the group's contents."""
    contents = shape_group(comp)
    shape = contents.add_property(kind)
    if kind == "ADBE Vector Shape - Rect":
        shape["ADBE Vector Rect Size"].value = [size, size]
    if kind == "ADBE Vector Shape - Ellipse":
        shape["ADBE Vector Ellipse Size"].value = [size, size]
    fill = contents.add_property("ADBE Vector Graphic - Fill")
    fill["ADBE Vector Fill Color"].value = [1, 0, 0, 1]
    return contents


def _transform(name: str, value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        square(comp).transform[name].value = value

    return make


def _keys(name: str, *keys: tuple[float, Any]) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        prop = square(comp).transform[name]
        for seconds, value in keys:
            prop.set_value_at_time(seconds, value)

    return make


def _layer(**switches: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        layer = square(comp)
        for name, value in switches.items():
            setattr(layer, name, value)

    return make


def _comp(**settings: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        square(comp)
        for name, value in settings.items():
            setattr(comp, name, value)

    return make


def _expression(name: str, code: str) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        square(comp).transform[name].expression = code

    return make


def _mask(mode: MaskMode = MaskMode.ADD, *, inverted: bool = False, **values: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        mask = square(comp).masks.add_property("ADBE Mask Atom")
        mask["ADBE Mask Shape"].value = Shape(vertices=[[0, 0], [10, 0], [10, 20], [0, 20]], closed=True)
        mask.mask_mode, mask.inverted = mode, inverted
        for name, value in values.items():
            mask[f"ADBE Mask {name.title()}"].value = value

    return make


def _shape(match_name: str, **values: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        part = filled(comp).add_property(match_name)
        for name, value in values.items():
            part["ADBE Vector " + name.replace("_", " ")].value = value

    return make


def _fill_setting(name: str, value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        filled(comp)[1][name].value = value

    return make


def _stroke(path: tuple[str, ...], value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        contents = shape_group(comp)
        contents.add_property("ADBE Vector Shape - Rect")
        prop = contents.add_property("ADBE Vector Graphic - Stroke")
        for name in path:
            prop = prop[name]
        prop.value = value

    return make


def _text(**style: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        layer = comp.add_text("Hello")
        source = layer.text["ADBE Text Document"]
        document = source.value
        for name, value in style.items():
            setattr(document, name, value)
        source.value = document

    return make


def _animator(match_name: str) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        animator = comp.add_text("Hello").text["ADBE Text Animators"].add_property("ADBE Text Animator")
        animator["ADBE Text Animator Properties"].add_property(match_name)

    return make


def _faded(start: float, end: float) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        layer = comp.add_text("Hello")
        layer.transform["ADBE Position"].value = [10, 40, 0]
        source = layer.text["ADBE Text Document"]
        document = source.value
        document.fill_color = [0, 0, 0]
        source.value = document
        animator = layer.text["ADBE Text Animators"].add_property("ADBE Text Animator")
        animator["ADBE Text Animator Properties"].add_property("ADBE Text Opacity").value = 0
        selector = animator["ADBE Text Selectors"].add_property("ADBE Text Selector")
        selector["ADBE Text Percent Start"].value, selector["ADBE Text Percent End"].value = start, end

    return make


def _selector(match_name: str) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        animator = comp.add_text("Hello").text["ADBE Text Animators"].add_property("ADBE Text Animator")
        animator["ADBE Text Animator Properties"].add_property("ADBE Text Opacity").value = 0
        animator["ADBE Text Selectors"].add_property(match_name)

    return make


def _text_option(group: str, name: str, value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        comp.add_text("Hello").text[group][name].value = value

    return make


def _material(name: str, value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        layer = square(comp)
        layer.three_d_layer = True
        layer["ADBE Material Options Group"][name].value = value

    return make


def _space(name: str, value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        layer = square(comp)
        layer.three_d_layer = True
        layer.transform[name].value = value

    return make


def _blend(mode: BlendingMode) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        comp.add_solid([0, 1, 0], "Ground", 96, 64, 1.0)
        square(comp).blending_mode = mode

    return make


def _matte(kind: TrackMatteType, *, above: bool = True) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        if above:
            picture, matte = square(comp), comp.add_solid([1, 1, 1], "Matte", 10, 20, 1.0)
        else:
            matte = comp.add_solid([1, 1, 1], "Matte", 10, 20, 1.0)
            picture = square(comp)
        picture.set_track_matte(matte, kind)

    return make


def _effect(match_name: str) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        square(comp).effects.add_property(match_name)

    return make


def _parent(_: Any, comp: Any) -> None:
    null = comp.add_null(1.0)
    child = square(comp)
    child.parent = null
    null.transform["ADBE Position"].value = [68, 32, 0]


def _nested(**switches: Any) -> Callable[[Any, Any], None]:
    def make(project: Any, comp: Any) -> None:
        inner = add_comp(project, "Inner")
        square(inner)
        layer = comp.add(inner)
        for name, value in switches.items():
            setattr(layer, name, value)

    return make


def _space_expression(name: str, code: str) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        layer = square(comp)
        layer.three_d_layer = True
        layer.transform[name].expression = code

    return make


def _deep_order(_: Any, comp: Any) -> None:
    near = square(comp, (0, 0, 1), "Near")
    far = square(comp, (1, 0, 0), "Far")
    near.three_d_layer = far.three_d_layer = True
    far.transform["ADBE Position"].value = [48, 32, 50]


def _looking(x: float, *, blurred: bool = False) -> Callable[[Any, Any], None]:
    """A camera straight in front of `x`, half as far from the square as its zoom: the square is seen twice as large."""

    def make(_: Any, comp: Any) -> None:
        square(comp).three_d_layer = True
        camera = comp.add_camera("Camera", [48, 32])
        camera.transform["ADBE Position"].value = [x, 32, -100]
        camera.transform["ADBE Anchor Point"].value = [x, 32, 0]
        camera["ADBE Camera Options Group"]["ADBE Camera Zoom"].value = 200
        if blurred:
            camera["ADBE Camera Options Group"]["ADBE Camera Depth of Field"].value = 1

    return make


def _dolly(_: Any, comp: Any) -> None:
    square(comp).three_d_layer = True
    camera = comp.add_camera("Camera", [48, 32])
    position = camera.transform["ADBE Position"]
    position.set_value_at_time(0, [48, 32, -200])
    position.set_value_at_time(0.8, [48, 32, -100])
    camera.transform["ADBE Anchor Point"].value = [48, 32, 0]
    camera["ADBE Camera Options Group"]["ADBE Camera Zoom"].value = 200


def _camera(_: Any, comp: Any) -> None:
    square(comp).three_d_layer = True
    comp.add_camera("Camera", [48, 32])


def _light(_: Any, comp: Any) -> None:
    square(comp).three_d_layer = True
    comp.add_light("Light", [48, 32])


def _adjustment(_: Any, comp: Any) -> None:
    square(comp)
    layer = comp.add_solid([1, 1, 1], "Adjust", 96, 64, 1.0)
    layer.adjustment_layer = True
    layer.effects.add_property("ADBE Geometry2")


def _hidden(_: Any, comp: Any) -> None:
    square(comp, (0, 0, 1), "Below")
    square(comp).enabled = False


def _solo(_: Any, comp: Any) -> None:
    square(comp, (0, 0, 1), "Below").solo = True
    square(comp)


def _motion_blur(_: Any, comp: Any) -> None:
    comp.motion_blur = True
    square(comp).motion_blur = True


def _frame_blending(project: Any, comp: Any) -> None:
    _nested(frame_blending_type=FrameBlendingType.FRAME_MIX)(project, comp)
    comp.frame_blending = True


def _blend_option(name: str, value: Any) -> Callable[[Any, Any], None]:
    def make(_: Any, comp: Any) -> None:
        square(comp).layer_styles["ADBE Blend Options Group"]["ADBE Adv Blend Group"][name].value = value

    return make


_ANIMATED = (
    "ADBE Text Anchor Point 3D", "ADBE Text Position 3D", "ADBE Text Scale 3D", "ADBE Text Skew", "ADBE Text Skew Axis",
    "ADBE Text Rotation", "ADBE Text Opacity", "ADBE Text Fill Opacity", "ADBE Text Stroke Opacity", "ADBE Text Fill Color",
    "ADBE Text Stroke Color", "ADBE Text Fill Hue", "ADBE Text Fill Saturation", "ADBE Text Fill Brightness",
    "ADBE Text Stroke Width", "ADBE Text Line Anchor", "ADBE Text Tracking Amount", "ADBE Text Character Offset",
    "ADBE Text Character Replace", "ADBE Text Line Spacing", "ADBE Text Blur",
)  # fmt: skip
_NO_INK: Probes = tuple((x, y, WHITE) for x in range(4, 96, 2) for y in range(4, 60, 2))
_MIDDLE: Probes = ((48, 32, RED), (36, 32, WHITE), (60, 32, WHITE))

FEATURES: tuple[Feature, ...] = (
    Feature(name="solid", make=_layer(), shows=_MIDDLE),
    Feature(name="position", make=_transform("ADBE Position", [20, 20, 0]), shows=((20, 20, RED), (48, 32, WHITE))),
    Feature(name="anchor", make=_transform("ADBE Anchor Point", [0, 0, 0]), shows=((50, 34, RED), (46, 30, WHITE), (67, 51, RED))),
    Feature(name="scale", make=_transform("ADBE Scale", [200, 50, 100]), shows=((30, 32, RED), (66, 32, RED), (48, 25, WHITE))),
    Feature(name="flip", make=_transform("ADBE Scale", [-100, 100, 100]), shows=_MIDDLE),
    Feature(name="rotation", make=_transform("ADBE Rotate Z", 45), shows=((48, 20, RED), (39, 23, WHITE))),
    Feature(name="opacity", make=_transform("ADBE Opacity", 50), shows=((48, 32, (255, 128, 128)),)),
    Feature(name="position keys", make=_keys("ADBE Position", (0, [20, 32, 0]), (0.8, [76, 32, 0])), frame=10, shows=((48, 32, RED), (20, 32, WHITE))),
    Feature(name="opacity keys", make=_keys("ADBE Opacity", (0, 0), (0.8, 100)), frame=10, shows=((48, 32, (255, 128, 128)),)),
    Feature(name="rotation keys", make=_keys("ADBE Rotate Z", (0, 0), (0.8, 90)), frame=10, shows=((48, 20, RED), (39, 23, WHITE))),
    Feature(name="scale keys", make=_keys("ADBE Scale", (0, [0, 0, 100]), (0.8, [200, 200, 100])), frame=10, shows=_MIDDLE),
    Feature(name="hidden layer", make=_hidden, shows=((48, 32, BLUE),)),
    Feature(name="solo", make=_solo, shows=((48, 32, BLUE),)),
    Feature(name="parent", make=_parent, shows=((68, 32, RED), (48, 32, WHITE))),
    Feature(name="in point", make=_layer(in_point=0.4), frame=2, shows=((48, 32, WHITE),)),
    Feature(name="out point", make=_layer(out_point=0.4), frame=15, shows=((48, 32, WHITE),)),
    Feature(name="start time", make=_layer(start_time=0.4), frame=2, shows=((48, 32, WHITE),)),
    Feature(name="nested composition", make=_nested(), shows=_MIDDLE),
    Feature(name="collapsed composition", make=_nested(collapse_transformation=True), shows=_MIDDLE),
    Feature(name="reversed composition", make=_nested(stretch=-100, start_time=0.8, in_point=0.8, out_point=0), frame=10, shows=_MIDDLE),
    Feature(name="stretched composition", make=_nested(stretch=200), shows=_MIDDLE),
    Feature(name="guide layer", make=_layer(guide_layer=True), shows=((48, 32, WHITE),)),
    Feature(name="adjustment layer", make=_adjustment, named="layer.adjustment"),
    Feature(name="motion blur", make=_motion_blur, named="layer.motion_blur"),
    Feature(name="frame blending", make=_frame_blending, named="layer.frame_blending"),
    Feature(name="preserve transparency", make=_layer(preserve_transparency=True), named="layer.preserve_transparency"),
    Feature(name="draft quality", make=_layer(quality=LayerQuality.DRAFT), named="layer.quality"),
    Feature(name="bicubic sampling", make=_layer(sampling_quality=LayerSamplingQuality.BICUBIC), named="layer.sampling"),
    Feature(name="orient along path", make=_layer(auto_orient=AutoOrientType.ALONG_PATH), shows=_MIDDLE),
    Feature(name="camera", make=_camera, named="layer.camera"),
    Feature(name="light", make=_light, named="layer.light"),
    Feature(name="space, flat", make=_layer(three_d_layer=True), shows=_MIDDLE),
    Feature(name="space, turned x", make=_space("ADBE Rotate X", 30), named="layer.3d"),
    Feature(name="space, turned y", make=_space("ADBE Rotate Y", 30), named="layer.3d"),
    Feature(name="space, orientation", make=_space("ADBE Orientation", [30, 0, 0]), named="layer.3d"),
    Feature(name="space, orientation z", make=_space("ADBE Orientation", [0, 0, 45]), shows=((48, 20, RED), (39, 23, WHITE))),
    Feature(name="space, depth", make=_space("ADBE Position", [48, 32, 400 / 3]), shows=((48, 32, RED), (44, 32, RED), (42, 32, WHITE), (54, 32, WHITE))),
    Feature(name="space, depth aside", make=_space("ADBE Position", [68, 32, 400 / 3]), shows=((58, 32, RED), (52, 32, WHITE), (65, 32, WHITE))),
    Feature(name="space, order", make=_deep_order, shows=((48, 32, BLUE),)),
    Feature(name="camera straight ahead", make=_looking(48), shows=((48, 32, RED), (30, 32, RED), (66, 32, RED), (26, 32, WHITE))),
    Feature(name="camera aside", make=_looking(58), shows=((38, 32, RED), (60, 32, WHITE))),
    Feature(name="camera comes nearer", make=_dolly, frame=10, shows=((48, 32, RED), (36, 32, RED), (33, 32, WHITE))),
    Feature(name="camera with depth of field", make=_looking(48, blurred=True), named="layer.depth_of_field"),
    Feature(name="space, turned by an expression", make=_space_expression("ADBE Rotate X", "time * 90"), named="layer.3d"),
    Feature(name="casts shadows", make=_material("ADBE Casts Shadows", 1), named="ADBE Casts Shadows"),
    Feature(name="diffuse", make=_material("ADBE Diffuse Coefficient", 10), named="ADBE Diffuse Coefficient"),
    Feature(name="fill opacity", make=_blend_option("ADBE Layer Fill Opacity2", 40), named="ADBE Layer Fill Opacity2"),
    Feature(name="red channel off", make=_blend_option("ADBE R Channel Blend", 0), named="ADBE R Channel Blend"),
    Feature(name="composition pixel aspect", make=_comp(pixel_aspect=2.0), named="comp.pixel_aspect"),
    Feature(name="composition ground", make=_comp(bg_color=[0, 0, 1]), named="comp.background"),
    Feature(name="composition clock", make=_comp(display_start_time=2.0), named="comp.display_start"),
    Feature(name="work area", make=_comp(work_area_duration=0.4), named="comp.work_area"),
    Feature(name="expression, wiggle", make=_expression("ADBE Position", "noSuchThing.wiggle(1, 5)"), named="expression"),
    Feature(name="mask add", make=_mask(), shows=((43, 32, RED), (53, 32, WHITE))),
    Feature(name="mask inverted", make=_mask(inverted=True), shows=((43, 32, WHITE), (53, 32, RED))),
    Feature(name="mask subtract", make=_mask(MaskMode.SUBTRACT), shows=((43, 32, WHITE), (53, 32, RED))),
    Feature(name="mask none", make=_mask(MaskMode.NONE), shows=_MIDDLE),
    Feature(name="mask intersect", make=_mask(MaskMode.INTERSECT), shows=((43, 32, RED), (53, 32, WHITE))),
    Feature(name="mask opacity", make=_mask(opacity=50), shows=((43, 32, (255, 128, 128)), (53, 32, WHITE))),
    Feature(name="mask feather", make=_mask(feather=[6, 6]), named="mask.feather"),
    Feature(name="matte alpha", make=_matte(TrackMatteType.ALPHA), shows=((48, 32, RED), (40, 32, WHITE))),
    Feature(name="matte alpha inverted", make=_matte(TrackMatteType.ALPHA_INVERTED), shows=((48, 32, WHITE), (40, 32, RED))),
    Feature(name="matte luma", make=_matte(TrackMatteType.LUMA), shows=((48, 32, RED), (40, 32, WHITE))),
    Feature(name="matte luma inverted", make=_matte(TrackMatteType.LUMA_INVERTED), shows=((48, 32, WHITE), (40, 32, RED))),
    Feature(name="matte below", make=_matte(TrackMatteType.ALPHA, above=False), shows=((48, 32, RED), (40, 32, WHITE))),
    Feature(name="shape rectangle", make=lambda _, comp: filled(comp) and None, shows=_MIDDLE),
    Feature(name="shape ellipse", make=lambda _, comp: filled(comp, "ADBE Vector Shape - Ellipse") and None, shows=(*_MIDDLE, (39, 23, WHITE))),
    Feature(name="shape star", make=lambda _, comp: filled(comp, "ADBE Vector Shape - Star") and None, shows=((48, 32, RED),)),
    Feature(name="fill opacity of a shape", make=_fill_setting("ADBE Vector Fill Opacity", 50), shows=((48, 32, (255, 128, 128)),)),
    Feature(name="fill blend mode", make=_fill_setting("ADBE Vector Blend Mode", 3), named="shape.blend_mode"),
    Feature(name="fill composite order", make=_fill_setting("ADBE Vector Composite Order", 2), named="shape.composite_order"),
    Feature(name="round corners", make=_shape("ADBE Vector Filter - RC", RoundCorner_Radius=10), shows=((48, 32, RED), (39, 23, WHITE))),
    Feature(name="trim", make=_shape("ADBE Vector Filter - Trim", Trim_End=0), shows=((48, 32, WHITE),)),
    Feature(name="offset paths", make=_shape("ADBE Vector Filter - Offset", Offset_Amount=5), shows=((35, 32, RED),)),
    Feature(name="offset copies", make=_shape("ADBE Vector Filter - Offset", Offset_Amount=5, Offset_Copies=3), named="ADBE Vector Offset Copies"),
    Feature(name="pucker", make=_shape("ADBE Vector Filter - PB", PuckerBloat_Amount=50), shows=((48, 32, RED), (48, 21, RED), (39, 23, WHITE))),
    Feature(name="twist", make=_shape("ADBE Vector Filter - Twist", Twist_Angle=50), named="twist"),
    Feature(name="zig zag", make=_shape("ADBE Vector Filter - Zigzag", Zigzag_Size=5), named="zig_zag"),
    Feature(name="wiggle paths", make=_shape("ADBE Vector Filter - Roughen"), named="ADBE Vector Filter - Roughen"),
    Feature(name="wiggle transform", make=_shape("ADBE Vector Filter - Wiggler"), named="ADBE Vector Filter - Wiggler"),
    Feature(name="repeater", make=_shape("ADBE Vector Filter - Repeater", Repeater_Copies=1), shows=_MIDDLE),
    Feature(name="stroke taper", make=_stroke(("ADBE Vector Stroke Taper", "ADBE Vector Taper Start Length"), 50), named="ADBE Vector Stroke Taper"),
    Feature(name="stroke wave", make=_stroke(("ADBE Vector Stroke Wave", "ADBE Vector Taper Wave Amount"), 50), named="ADBE Vector Stroke Wave"),
    Feature(name="effect transform", make=_effect("ADBE Geometry2"), shows=_MIDDLE),
    Feature(name="effect control", make=_effect("ADBE Slider Control"), shows=_MIDDLE),
    Feature(name="text path reversed", make=_text_option("ADBE Text Path Options", "ADBE Text Reverse Path", 1), named="ADBE Text Reverse Path"),
    Feature(name="text first margin", make=_text_option("ADBE Text Path Options", "ADBE Text First Margin", 9), named="ADBE Text First Margin"),
    Feature(name="text grouping", make=_text_option("ADBE Text More Options", "ADBE Text Anchor Point Option", 2), named="ADBE Text Anchor Point Option"),
    Feature(name="text grouping alignment", make=_text_option("ADBE Text More Options", "ADBE Text Anchor Point Align", [5, 5]), named="Anchor Point Align"),
    Feature(name="text order", make=_text_option("ADBE Text More Options", "ADBE Text Render Order", 2), named="ADBE Text Render Order"),
    Feature(name="text letters' blend", make=_text_option("ADBE Text More Options", "ADBE Text Character Blend Mode", 4), named="Character Blend Mode"),
    Feature(name="text faux bold", make=_text(faux_bold=True), named="text.faux_style"),
    Feature(name="text faux italic", make=_text(faux_italic=True), named="text.faux_style"),
    Feature(name="text wide", make=_text(horizontal_scale=1.5), named="text.scale"),
    Feature(name="text high", make=_text(vertical_scale=1.5), named="text.scale"),
    Feature(name="text superscript", make=_text(font_baseline_option=FontBaselineOption.FONT_FAUXED_SUPERSCRIPT), named="text.baseline"),
    Feature(name="text small caps", make=_text(font_caps_option=FontCapsOption.FONT_SMALL_CAPS), named="small_caps"),
    Feature(name="text tsume", make=_text(tsume=0.5), named="text.tsume"),
    Feature(name="text first line indent", make=_text(first_line_indent=9), named="text.paragraph"),
    Feature(name="text start indent", make=_text(start_indent=9), named="text.paragraph"),
    Feature(name="text end indent", make=_text(end_indent=9), named="text.paragraph"),
    Feature(name="text space before", make=_text(space_before=9), named="text.paragraph"),
    Feature(name="text space after", make=_text(space_after=9), named="text.paragraph"),
    Feature(name="text vertical", make=lambda _, comp: comp.add_vertical_text("Hello") and None, named="text.vertical"),
    Feature(name="text justified", make=_text(justification=ParagraphJustification.MULTIPLE_JUSTIFICATIONS), named="text.justification"),
    Feature(name="text digits", make=_text(digit_set=DigitSet.HINDI_DIGITS), named="text.digits"),
    Feature(name="text stroke join", make=_text(apply_stroke=True, stroke_color=[0, 0, 0], stroke_width=2, line_join_type=LineJoinType.LINE_JOIN_BEVEL),
            named="text.stroke_join"),
    Feature(name="text direction", make=_text(direction=ParagraphDirection.DIRECTION_RIGHT_TO_LEFT), named="text.direction"),
    Feature(name="text ligatures", make=_text(ligature=True), named="text.ligatures"),
    Feature(name="text hyphenation", make=lambda _, comp: comp.add_box_text([60, 40], "Something long") and None, named="text.hyphenation"),
    Feature(name="letters faded out", make=_faded(0, 100), shows=_NO_INK),
    Feature(name="letters not reached", make=_faded(0, 0), inked=True),
    *(Feature(name=f"animator {name.removeprefix('ADBE Text ')}", make=_animator(name), named="text.animator") for name in _ANIMATED),
    *(
        Feature(name=f"selector {name.removeprefix('ADBE Text ')}", make=_selector(name), named="text.animator")
        for name in ("ADBE Text Wiggly Selector", "ADBE Text Expressible Selector")
    ),
)  # fmt: skip


_RED_ON_GREEN: dict[str, Color] = {
    "NORMAL": RED, "MULTIPLY": (0, 0, 0), "SCREEN": (255, 255, 0), "OVERLAY": GREEN, "DARKEN": (0, 0, 0), "LIGHTEN": (255, 255, 0),
    "COLOR_DODGE": GREEN, "COLOR_BURN": GREEN, "HARD_LIGHT": RED, "SOFT_LIGHT": GREEN, "DIFFERENCE": (255, 255, 0),
    "EXCLUSION": (255, 255, 0), "ADD": (255, 255, 0),
}  # fmt: skip
"""What each mode makes of red on green: ISO 32000-2, 11.3.5; `ADD` is the sum, clipped."""


def _mixed(mode: BlendingMode) -> Probes:
    return ((48, 32, _RED_ON_GREEN[mode.name]),) if mode.name in _RED_ON_GREEN else ()


def blend_features() -> tuple[Feature, ...]:
    """Return one feature for each blend mode: without a colour to expect, as the engine's report judges those it draws."""
    return tuple(
        Feature(
            name=f"blend {mode.name.lower()}",
            make=_blend(mode),
            shows=_mixed(mode),
            named="" if _mixed(mode) else "blend",
        )
        for mode in BlendingMode
    )
