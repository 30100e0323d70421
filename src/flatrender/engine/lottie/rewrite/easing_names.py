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
        into, out = frame.get("i"), frame.get("o")
        if type(into) is not dict or type(out) is not dict:
            return
        # Called for every keyframe of a scene at every keystroke: hence no more than this.
        curve = tuple(
            figure[0] if type(figure) is list and figure else figure
            for figure in (out.get("x"), out.get("y"), into.get("x"), into.get("y"))
        )
        if "n" not in frame:
            told = self._told_apart.get(curve)
            if told is None:
                told = self._told_apart[curve] = all(
                    is_number(figure) and round(figure, _DECIMALS) == figure for figure in curve
                )
            if told:
                return
        if all(is_number(figure) for figure in curve):
            frame["n"] = self._names.setdefault(curve, f"e{len(self._names)}")
