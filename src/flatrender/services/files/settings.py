"""What of files can be set from outside. Sizes are bytes, times seconds."""

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class FilesSettings:
    """Limits of uploads, of what a person may keep, and of the work that checking takes."""

    max_upload_bytes: int = 512 * MIB
    """The largest upload of any purpose."""
    purpose_bytes: dict[str, int] = field(default_factory=lambda: {"user_media": 256 * MIB, "audio": 256 * MIB})
    """The largest upload of a purpose, when smaller than that."""
    max_object_bytes: int = 2048 * MIB
    """The largest object that a signed link takes."""
    user_quota_bytes: int = 2048 * MIB
    """What a person may keep unless their row in `file_mgr.quotas` says otherwise."""
    spool_folder: Path | None = None
    """Where uploads wait while they are checked; None: the machine's temporary folder."""
    max_pixels: int = 50_000_000
    picture_queue_limit: int = 8
    """Pictures waiting to be decoded at most."""
    probe_limit: int = 2
    """Sound probes at the same time."""
    probe_deadline_s: float = 20.0
    waveform_deadline_s: float = 60.0
    stall_s: float = 30.0
    """An upload that sends nothing for this long is ended."""
    link_life_s: int = 900
    keep_deleted_s: int = 24 * 3600
    """Bytes of a deleted file stay this long, so that work under way can finish."""
    abandoned_upload_s: int = 6 * 3600
    """A reservation of an upload that nobody finished is given back after this."""

    def limit_of(self, purpose: str) -> int:
        """Return the largest upload of a purpose."""
        return min(self.max_upload_bytes, self.purpose_bytes.get(purpose, self.max_upload_bytes))
