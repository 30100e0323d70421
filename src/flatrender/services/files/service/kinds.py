"""What bytes are, judged by their beginning. This only chooses the decoder; the decoder is what proves the type."""

from dataclasses import dataclass

HEAD_BYTES = 512


@dataclass(frozen=True)
class Kind:
    """A type that we know: its row kind, its content type and how a file of it ends."""

    kind: str
    content_type: str
    extension: str


PNG = Kind("image", "image/png", "png")
JPEG = Kind("image", "image/jpeg", "jpg")
WEBP = Kind("image", "image/webp", "webp")
WAV = Kind("audio", "audio/wav", "wav")
MP3 = Kind("audio", "audio/mpeg", "mp3")
OGG = Kind("audio", "audio/ogg", "ogg")
M4A = Kind("audio", "audio/mp4", "m4a")
MP4 = Kind("video", "video/mp4", "mp4")
MOV = Kind("video", "video/quicktime", "mov")
WEBM = Kind("video", "video/webm", "webm")
ZIP = Kind("archive", "application/zip", "zip")
JSON = Kind("document", "application/json", "json")
AEP = Kind("document", "application/vnd.adobe.aftereffects.project", "aep")
TTF = Kind("font", "font/ttf", "ttf")
OTF = Kind("font", "font/otf", "otf")
SVG = Kind("svg", "image/svg+xml", "svg")
OTHER = Kind("other", "application/octet-stream", "bin")
BY_CONTENT_TYPE = {k.content_type: k for k in (PNG, JPEG, WEBP, WAV, MP3, OGG, M4A, MP4, MOV, WEBM, ZIP, JSON)}
BY_EXTENSION = {k.extension: k for k in BY_CONTENT_TYPE.values()}
INLINE = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/webp",
        "audio/wav",
        "audio/mpeg",
        "audio/ogg",
        "audio/mp4",
        "video/mp4",
        "video/webm",
    }
)
"""What a browser may show in place; everything else is a download."""

MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"OggS", OGG),
    (b"ID3", MP3),
    (b"PK\x03\x04", ZIP),
    (b"\x1a\x45\xdf\xa3", WEBM),
    (b"OTTO", OTF),
    (b"\x00\x01\x00\x00", TTF),
    (b"true\x00", TTF),
)

STILL_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
"""Pictures in the same container as films."""

UPLOADS: dict[str, frozenset[Kind]] = {
    "user_media": frozenset({PNG, JPEG, WEBP, MP4, MOV, WEBM}),
    "audio": frozenset({WAV, MP3, OGG, M4A}),
    "template_package": frozenset({ZIP, JSON, AEP}),
    "font": frozenset({TTF, OTF}),
}
"""Purpose → what a person may upload for it."""
NAMES = {
    "user_media": "PNG, JPEG, WebP, MP4, MOV or WebM",
    "audio": "WAV, MP3, OGG or M4A",
    "template_package": "ZIP (.zip, .frt, .lottie), JSON or an After Effects project (.aep)",
    "font": "TrueType or OpenType (.ttf, .otf)",
}


def sniff(head: bytes) -> Kind:
    """Return what the first 512 bytes look like; OTHER when they look like nothing that we take."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFX" and head[8:12] == b"Egg!":
        return AEP
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12], OTHER)
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if (
        len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    ):  # MPEG audio frame, layer III (ISO 11172-3 §2.4.1.3)
        return MP3
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return JSON
    return SVG if b"<svg" in head.lower() else OTHER


def _of_brand(brand: bytes) -> Kind:
    """Return what a file of the ISO base media format (ISO/IEC 14496-12 §4.3) is by its major brand."""
    if brand[:3] == b"M4A":
        return M4A
    if brand == b"qt  ":
        return MOV
    return OTHER if brand[:4] in STILL_BRANDS else MP4


def agrees(declared: str, found: Kind) -> bool:
    """Return whether a declared content type can be meant for what the bytes are; browsers' names for sound and archives differ."""
    name = declared.partition(";")[0].strip().lower()
    if name in ("", "application/octet-stream"):
        return True
    if found.kind == "audio":
        return name.startswith(("audio/", "video/mp4", "video/ogg", "application/ogg"))
    if found.kind == "video":
        return name.startswith("video/") or name == "application/mp4"
    if found.kind == "font":
        return name.startswith(("font/", "application/"))
    if found.kind == "image":
        return name in (found.content_type, "image/jpg" if found is JPEG else found.content_type)
    return name.startswith("application/") or (found is JSON and name.startswith("text/"))
