"""What can go wrong when values are written into a project, each with a stable code, the field's key and the place."""

from __future__ import annotations

from flatrender.aftereffects.errors import ProjectError


class PersonaliseError(ProjectError):
    """A value cannot be written, or the copy is not what was asked for.

    Codes: `field_unknown` (no field with that key), `value_invalid` (the value does not fit the field or the property), `asset_missing` (a picture
    or film that was not handed over), `asset_invalid` (one that After Effects cannot use), `place_unwritable` (the property exists and cannot be
    written), `scene_unknown`, `order_invalid` (scenes that the master composition cannot show so), `output_invalid` (where the copy should go),
    `copy_differs` (the saved copy does not hold what was written).
    """

    code = "value_invalid"

    def __init__(
        self, detail: str, *, code: str | None = None, where: str | None = None, key: str | None = None
    ) -> None:
        super().__init__(detail, code=code, where=where)
        self.key = key
        """The field's key, when the error is about one."""

    def __str__(self) -> str:
        named = f"field {self.key!r}: " if self.key else ""
        return f"{named}{super().__str__()}"
