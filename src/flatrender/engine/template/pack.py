"""Packing a template's folder into one file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from flatrender.engine.template.load import load_template
from flatrender.engine.template.store import FolderStore

# Already compressed: deflating them again costs time and gains nothing.
_STORED = (".png", ".jpg", ".jpeg", ".webp", ".ogg", ".mp3", ".m4a")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(folder: str | Path) -> bytes:
    """Return the folder as a `.frt`: the same bytes for the same contents. The template is checked first; raises TemplateError."""
    load_template(Path(folder))
    store = FolderStore(Path(folder))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in store.names:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            stored = name.lower().endswith(_STORED)
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, store.read(name), compresslevel=None if stored else 9)
    return out.getvalue()
