"""Films that scenes show, on the node's disk."""

from pathlib import Path

from flatrender.node.file_cache import FileCache


class ClipCache(FileCache):
    """Films named by their hash. What is fetched with another one raises WorkFailed `clip_damaged`."""

    def __init__(self, folder: Path, *, limit_bytes: int = 4 << 30) -> None:
        super().__init__(folder, limit_bytes=limit_bytes, what="film", damaged_code="clip_damaged")
