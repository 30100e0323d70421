"""What a caller of studio may see.

404 `studio.not_found`; 422 `studio.unknown_scene`, `studio.unknown_field`, `studio.wrong_type`, `studio.value_out_of_range`,
`studio.missing_asset`, `studio.unknown_font`, `studio.unknown_size`, `studio.unknown_preset` and, when render is pressed, `studio.no_scenes`,
`studio.field_required`, `studio.scene_required`, `studio.scene_not_repeatable`; 409 `studio.template_gone`.
"""

from flatrender.kit.errors import Conflict, NotFound, Refused

MOST_PROBLEMS = 20


def not_found() -> NotFound:
    """Return the error for a saved project that is not this person's."""
    return NotFound("there is no such saved project", code="studio.not_found")


def template_gone() -> Conflict:
    """Return the error for a document whose template is not there any more."""
    return Conflict("the template of this project is not available any more", code="studio.template_gone")


class Problems:
    """What is wrong with a document, gathered so that the person sees all of it at once."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str, str]] = []

    def add(self, code: str, path: str, detail: str) -> None:
        """Note a problem: `code` without the service's name, the member's path, and what is wrong with it."""
        self._found.append((code, path, detail))

    def raise_any(self) -> None:
        """Raise Refused with the first problem's code and every path, when there is one."""
        if not self._found:
            return
        code, path, detail = self._found[0]
        raise Refused(
            f"{path}: {detail}",
            code=f"studio.{code}",
            fields=[(where, what) for _, where, what in self._found[:MOST_PROBLEMS]],
        )
