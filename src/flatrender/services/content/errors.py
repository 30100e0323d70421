"""What a caller of content may see.

`content.not_found`, `content.file_not_found`, `content.unknown_category`, `content.nothing_to_publish`, `content.needs_after_effects`,
`content.archived`, `content.import_busy`, `content.import_failed`, `content.busy`, `content.snapshot_frame_out_of_range`, of traced previews
`content.picture_invalid`, `content.picture_too_detailed`, `content.tracer_failed`, `content.no_snapshot`, `content.unknown_color_slot`,
`content.unknown_group`; what is wrong with a package has the engine's code (`content.not_json`, `content.no_layers`, `content.archive_bomb` …), and so has a
refused value (`studio.unknown_field` …).
"""

from flatrender.engine.errors import EngineError, TemplateError, ValueRefused
from flatrender.kit.errors import AppError, NotFound, Refused, Unavailable


def not_found(what: str) -> NotFound:
    """Return the error for a template, version or scene that this tenant does not have."""
    return NotFound(f"there is no such {what}", code="content.not_found")


def file_not_found() -> NotFound:
    """Return the error for an uploaded file that is not there, or is somebody else's."""
    return NotFound("there is no such file: upload the package first", code="content.file_not_found")


def from_engine(error: EngineError) -> AppError:
    """Return what a caller sees of an engine's error: its code stays, values are named as the studio names them."""
    fields = ((error.where, error.detail),) if error.where else ()
    if isinstance(error, ValueRefused):
        return Refused(str(error), code=f"studio.{error.code}", fields=fields)
    if isinstance(error, TemplateError):
        return Refused(str(error), code=f"content.{error.code}", fields=fields)
    return Unavailable(str(error), code=f"content.{error.code}", retry_after_s=5)
