"""What can go wrong with an After Effects project, each with a stable code."""

from flatrender.engine.errors import EngineError


class ProjectError(EngineError):
    """The project cannot be read, converted, written or rendered.

    Codes: `project_invalid` (no After Effects project, or damaged), `project_unsupported` (a form that only After Effects reads),
    `project_too_large`, `composition_unknown`, `composition_too_deep`, `place_unknown` (a field's layer or property is not
    there), `project_ambiguous` (several projects in one folder), `archive_unsafe`, `archive_bomb` (a zip that is not unpacked), `needs_after_effects`.
    """

    code = "project_invalid"
