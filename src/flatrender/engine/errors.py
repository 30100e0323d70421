"""What can go wrong in the engine, each with a stable code.

EngineError
├── TemplateError       the template or one of its files is not what it should be
├── ValueRefused        a value does not fit its field
└── RenderError         drawing, encoding, joining or checking failed
"""


class EngineError(Exception):
    """An error a caller can show: `code` is stable, `detail` says what, where and what to do."""

    code = "engine_error"

    def __init__(self, detail: str, *, code: str | None = None, where: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where
        """The file, scene, layer or field that the error is about, when there is one."""
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}" if self.where else self.detail


class TemplateError(EngineError):
    """The template cannot be used.

    Codes: `not_json`, `not_lottie`, `no_layers`, `template_too_large`, `archive_unsafe`, `archive_bomb`, `manifest_invalid`, `missing_asset`.
    """

    code = "template_invalid"


class ValueRefused(EngineError):
    """A value does not fit.

    Codes: `unknown_scene`, `unknown_field`, `wrong_type`, `value_out_of_range`, `unknown_font`, `missing_asset`, `picture_invalid`,
    `clip_invalid`.
    """

    code = "value_refused"


class RenderError(EngineError):
    """The picture or film could not be made.

    Codes: `engine_crashed`, `engine_timeout`, `engine_refused`, `clip_invalid`, `clip_missing`, `encoder_failed`,
    `film_check_failed`, `cancelled`, and for what was asked
    for: `settings_invalid`, `sound_missing`, `sound_unreadable`, `segment_missing`, `output_unwritable`.
    """

    code = "render_failed"
    returncode: int | None = None
    """Of a renderer's process that ended by itself, below 0 for a signal."""
    log: str = ""
    """What that process wrote last, at most 16384 characters."""
