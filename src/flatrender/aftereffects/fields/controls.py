"""Fields from control effects: sliders, checkboxes, colours, points, angles and menus on a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.fields.model import Step, SuggestedField
from flatrender.aftereffects.fields.places import described, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flatrender.aftereffects.fields.layers import SceneLayer

CONTROLS = frozenset(
    {"ADBE Slider Control", "ADBE Angle Control", "ADBE Checkbox Control", "ADBE Color Control", "ADBE Point Control", "ADBE Point3D Control"}
)  # fmt: skip
"""Match names of the control effects; a menu's is made for each (`Pseudo/@@…`)."""
_PARADE = Step("ADBE Effect Parade", 0, "Effects")
_PLAIN_NAMES = re.compile(r"(slider|angle|checkbox|colou?r|point|3d point|dropdown menu) control( \d+)?", re.IGNORECASE)
"""A control that nobody named says nothing to a person."""


def is_control(effect: Any) -> bool:
    """Whether an effect only holds a value for expressions."""
    if effect.match_name in CONTROLS:
        return True
    return bool(effect.match_name.startswith("Pseudo/")) and any(
        getattr(prop, "is_dropdown_effect", False) for prop in effect if not hasattr(prop, "properties")
    )


def control_fields(layers: Sequence[SceneLayer], read: frozenset[str]) -> Iterator[SuggestedField]:
    """Yield a field for each control that an expression reads, and for those that somebody named on a null object of the outermost composition.

    `layers`: from the topmost of the outermost composition; `read`: what the scene's expressions name.
    """
    for one in layers:
        for steps, effect in control_effects(one):
            named = _PLAIN_NAMES.fullmatch(effect.name) is None
            on_control_layer = one.kind == "null" and one.comp is layers[0].comp
            if not (effect.name in read or (named and on_control_layer)):
                continue
            prop = next((prop for prop in effect if not hasattr(prop, "properties")), None)
            if prop is None or prop.keyframes or (prop.expression and prop.expression_enabled):
                continue  # its value is the designer's, not one that a person gives
            name = effect.name if named else f"{one.layer.name} {effect.name}"
            for kind in described(prop):
                label = f"{name} {kind.suffix}".strip()
                place = place_of(
                    one,
                    kind.takes,
                    (*steps, Step(prop.match_name, 0, prop.name or "")),
                    component=kind.component,
                    values=kind.values,
                )
                yield SuggestedField(
                    key=label,
                    type=kind.type,
                    label={"fa": label, "en": label},
                    origin="control",
                    places=(place,),
                    default=kind.default,
                    constraints=kind.constraints,
                )


def control_effects(one: SceneLayer) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """Yield the control effects of a layer with the steps to each."""
    counts: dict[str, int] = {}
    for effect in one.layer.effects or ():
        nth = counts.get(effect.match_name, 0)
        counts[effect.match_name] = nth + 1
        if is_control(effect):
            yield (_PARADE, Step(effect.match_name, nth, effect.name)), effect
