"""What a caller may see of the refusals of files."""

from flatrender.kit.errors import AppError, BadRequest, NotFound, QuotaExceeded, Refused, TooLarge, Unavailable


class FileNotFound(NotFound):
    """No such file, or not one that this person may see."""

    code = "files.not_found"


class FileTooLarge(TooLarge):
    """The upload is larger than its purpose allows."""

    code = "files.too_large"


class NoRoom(QuotaExceeded):
    """The upload does not fit into what the person may keep."""

    code = "files.quota_exceeded"


class UploadBroken(BadRequest):
    """The body ended early or stopped coming."""

    code = "files.upload_incomplete"


class BadFileName(Refused):
    """The name is missing or cannot be one."""

    code = "files.bad_name"


class UnknownPurpose(Refused):
    """The purpose is not one that a person may upload for."""

    code = "files.unknown_purpose"


class TypeNotAllowed(Refused):
    """The bytes are of a type that this purpose does not take."""

    code = "files.type_not_allowed"


class TypeMismatch(Refused):
    """The declared type and the bytes disagree."""

    code = "files.type_mismatch"


class PictureBroken(Refused):
    """The picture cannot be decoded."""

    code = "files.picture_broken"


class PictureTooLarge(Refused):
    """The picture has more pixels than we decode."""

    code = "files.picture_too_large"


class PictureAnimated(Refused):
    """The picture moves."""

    code = "files.picture_animated"


class SoundBroken(Refused):
    """The sound cannot be decoded."""

    code = "files.sound_broken"


class FilmBroken(Refused):
    """The film cannot be decoded, or is larger or longer than a clip may be."""

    code = "files.video_broken"


class DigestMismatch(Refused):
    """The bytes are not the announced ones."""

    code = "files.digest_mismatch"


class NoThumbnail(Refused):
    """Only pictures have smaller versions."""

    code = "files.no_thumbnail"


class NoWaveform(Refused):
    """Only sounds and videos have an outline."""

    code = "files.no_waveform"


class CheckingBusy(Unavailable):
    """More uploads wait to be checked than the queue holds."""

    code = "files.busy"


class RangeNotSatisfiable(AppError):
    """The range lies outside the file."""

    status, code = 416, "files.range_not_satisfiable"
