"""Names of easings: ThorVG keeps one curve for each name (`n`), and compares twenty letters of it.

Bodymovin names a curve by its four figures, of which the last often lies beyond the twentieth letter; without a name ThorVG makes one of
two decimals. Either way keyframes are eased by another's curve.
"""

from __future__ import annotations

from flatrender.engine.lottie.document import Json, is_number

_DECIMALS = 2


class EasingNames:
    """Short names, one for each curve of an animation."""

    def __init__(self) -> None:
        self._names: dict[tuple[object, ...], str] = {}
        self._told_apart: dict[tuple[object, ...], bool] = {}

    def give(self, frame: Json) -> None:
        """Name the curve of a keyframe; one that ThorVG would tell from all others is left as it is."""
        # Called for every keyframe of a scene at every keystroke: hence no more than this.
        into, out = frame.get("i"), frame.get("o")
        try:
            first, second, third, fourth = out["x"], out["y"], into["x"], into["y"]  # type: ignore[index]
            if type(first) is list:
                first, second, third, fourth = first[0], second[0], third[0], fourth[0]
            curve = (first, second, third, fourth)
            told = self._told_apart.get(curve)
        except (KeyError, IndexError, TypeError):
            return  # no curve, or one that is none
        if told is None:
            told = self._told_apart[curve] = all(
                is_number(figure) and round(figure, _DECIMALS) == figure for figure in curve
            )
        if told and "n" not in frame:
            return
        if all(is_number(figure) for figure in curve):
            frame["n"] = self._names.setdefault(curve, f"e{len(self._names)}")
