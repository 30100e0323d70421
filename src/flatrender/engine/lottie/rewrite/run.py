"""The order of the rewrites."""

from __future__ import annotations

from flatrender.engine.lottie.document import Json, layer_lists
from flatrender.engine.lottie.rewrite.blends import isolate_blends
from flatrender.engine.lottie.rewrite.crops import crop_instead_of_matting
from flatrender.engine.lottie.rewrite.easing import split_easing
from flatrender.engine.lottie.rewrite.easing_names import EasingNames
from flatrender.engine.lottie.rewrite.effects import fit_effects
from flatrender.engine.lottie.rewrite.expressions import write_expressions
from flatrender.engine.lottie.rewrite.groups import separate_groups
from flatrender.engine.lottie.rewrite.layered_effects import separate_effects
from flatrender.engine.lottie.rewrite.loops import unroll_loops
from flatrender.engine.lottie.rewrite.masks import combine_masks
from flatrender.engine.lottie.rewrite.mattes import open_hidden_mattes
from flatrender.engine.lottie.rewrite.notes import Note
from flatrender.engine.lottie.rewrite.order import order_keys
from flatrender.engine.lottie.rewrite.repeaters import expand_repeaters
from flatrender.engine.lottie.rewrite.solids import redraw_solids
from flatrender.engine.lottie.rewrite.stars import redraw_stars
from flatrender.engine.lottie.rewrite.texts import align_tracked
from flatrender.engine.lottie.walk import all_layers, objects

MARK = "flatrender"
"""The key at the root of a rewritten animation; players skip keys that they do not know."""
_VERSION = 1


def rewrite_for_engine(lottie: Json) -> list[Note]:
    """Rewrite an animation in place and say what was rewritten. A second call changes nothing; the same animation gives the same result."""
    mark = lottie.get(MARK)
    if isinstance(mark, dict) and mark.get("rewritten") == _VERSION:
        return []
    notes: list[Note] = []
    # Few files have expressions, and looking for them in every layer costs as much as all else here.
    scripted = False
    names = EasingNames()
    for node in objects(lottie):
        if "t" in node:
            names.give(node)
        elif "x" in node and isinstance(node["x"], str):
            scripted = True
    if scripted:
        for layer in all_layers(lottie):
            unroll_loops(layer, lottie["op"], notes)
        write_expressions(lottie, notes)
    for layers in list(layer_lists(lottie)):
        for layer in layers:
            if not isinstance(layer, dict):
                continue
            order_keys(layer)
            redraw_solids(layer, notes)
            redraw_stars(layer, notes)
            expand_repeaters(layer, notes)
            split_easing(layer, notes)
            fit_effects(layer, notes)
            align_tracked(layer, notes)
        open_hidden_mattes(layers, notes)
    separate_groups(lottie, notes)
    separate_effects(lottie, notes)
    combine_masks(lottie, notes)
    crop_instead_of_matting(lottie, notes)
    isolate_blends(lottie, notes)
    if notes:
        lottie[MARK] = {"rewritten": _VERSION}
    return notes
