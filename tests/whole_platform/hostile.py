"""Files that nobody should send: animations, archives, pictures and sounds that are broken or mean harm."""

import io
import json
import stat
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

MIB = 1024 * 1024


def lottie(**more: Any) -> bytes:
    """Return an animation of one solid; `more` replaces its members."""
    solid = {"ty": 1, "nm": "Back", "ind": 1, "ip": 0, "op": 30, "st": 0, "sw": 64, "sh": 64, "sc": "#204080", "ks": {}}
    whole = {"v": "5.7.0", "fr": 30, "ip": 0, "op": 30, "w": 64, "h": 64, "assets": [], "layers": [solid], **more}
    return json.dumps(whole).encode()


def package(**manifest: Any) -> dict[str, bytes]:
    """Return the files of a sound template of one scene; `manifest` replaces members of template.json."""
    described = {
        "format": "flatrender-template/1",
        "key": "hostile",
        "title": {"fa": "بد", "en": "Bad"},
        "fps": 30,
        "sizes": [{"key": "1x1", "width": 64, "height": 64}],
        "scenes": [
            {
                "key": "main",
                "title": {"en": "Main"},
                "files": {"1x1": "scenes/main.json"},
                "duration_frames": 30,
                "snapshot_frame": 3,
            }
        ],
        **manifest,
    }
    return {"template.json": json.dumps(described).encode(), "scenes/main.json": lottie()}


def zipped(files: dict[str, bytes]) -> bytes:
    """Return the files as a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def traversal() -> bytes:
    return zipped({**package(), "../../evil.json": b"{}"})


def symlink() -> bytes:
    out = io.BytesIO(zipped(package()))
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("images/link.png")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def damaged() -> bytes:
    return zipped(package())[:-40]


def bomb() -> bytes:
    return zipped({**package(), "images/zeros.png": bytes(60 * MIB)})


def two_gigabytes_claimed() -> bytes:
    """Return an archive whose directory says that one entry of a byte unpacks to 2 GiB."""
    data = bytearray(zipped({**package(), "images/big.png": b"x"}))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 2**31)
    return bytes(data)


def nested() -> bytes:
    return b'{"layers":' + b"[" * 500 + b"]" * 500 + b"}"


def newer() -> bytes:
    return zipped(package(format="flatrender-template/2"))


def without_its_scene() -> bytes:
    files = package()
    del files["scenes/main.json"]
    return zipped(files)


def picture(format: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(out, format, **more)
    return out.getvalue()


def huge_picture() -> bytes:
    """Return a PNG of few bytes that claims 30 000 × 30 000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def moving_picture() -> bytes:
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (0, 200)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    return out.getvalue()


BROKEN_SOUND = b"RIFF\x24\0\0\0WAVEfmt broken from here on"
BROKEN_FILM = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(range(256)) * 4
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PLAIN_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#336699"/></svg>'
)
SVG_WITH_ENTITIES = (
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>'
)
PROGRAM = b"MZ\x90\0" + bytes(200)
