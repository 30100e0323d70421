"""The decoding process behind `pictures`: questions on standard input, answers on standard output, until the input ends."""

import io

import msgspec
from PIL import Image, ImageFilter

from flatrender.engine.child import serve
from flatrender.engine.picture_decode import RefusedError, decoded
from flatrender.engine.picture_messages import Answer, PreparedAnswer, PrepareQuestion, RefusedAnswer
from flatrender.engine.picture_value import Filters, PictureValue, cover_box

_MEMORY_BYTES = 3 << 30
_JPEG_QUALITY = 92
_TURNS = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns counterclockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def prepared(question: PrepareQuestion) -> Answer:
    """Decode, turn, crop, fit and filter a picture."""
    options = question.options
    place = (question.width, question.height)
    ratio = min(1.0, question.longest / max(place))
    goal = (max(1, round(place[0] * ratio)), max(1, round(place[1] * ratio)))
    least = (goal[0] / options.crop[2], goal[1] / options.crop[3])
    if options.rotate in (90, 270):
        least = (least[1], least[0])
    picture = _turned(decoded(question.data, least=least, longest=8192), options)
    picture = _cropped(picture, options)
    across, down = picture.width / goal[0], picture.height / goal[1]
    vector = question.data[:1] == b"<" or question.data[:3] == b"\xef\xbb\xbf"
    upscaled = not vector and (max(across, down) if options.fit == "contain" else min(across, down)) * ratio < 0.5
    fitted = _fitted(picture, goal, options)
    fitted = _filtered(fitted, options.filters, ratio)
    kind, data = _encoded(fitted)
    return PreparedAnswer(kind=kind, data=data, upscaled=upscaled)


def _turned(picture: Image.Image, options: PictureValue) -> Image.Image:
    if options.rotate:
        picture = picture.transpose(_TURNS[options.rotate])
    if options.flip in ("horizontal", "both"):
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if options.flip in ("vertical", "both"):
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return picture


def _cropped(picture: Image.Image, options: PictureValue) -> Image.Image:
    left, top, width, height = options.crop
    if (left, top, width, height) == (0, 0, 1, 1):
        return picture
    x, y = round(left * picture.width), round(top * picture.height)
    right, bottom = round((left + width) * picture.width), round((top + height) * picture.height)
    x, y = min(x, picture.width - 1), min(y, picture.height - 1)
    return picture.crop((x, y, max(right, x + 1), max(bottom, y + 1)))


def _fitted(picture: Image.Image, goal: tuple[int, int], options: PictureValue) -> Image.Image:
    lanczos = Image.Resampling.LANCZOS
    match options.fit:
        case "fill":
            return picture.resize(goal, lanczos)
        case "contain":
            inner = min(goal[0] / picture.width, goal[1] / picture.height)
            small = picture.resize(
                (max(1, round(picture.width * inner)), max(1, round(picture.height * inner))), lanczos
            )
            if small.size == goal:
                return small
            fitted = Image.new("RGBA", goal, (0, 0, 0, 0))
            fitted.paste(small, ((goal[0] - small.width) // 2, (goal[1] - small.height) // 2))
            return fitted
        case _:
            return picture.resize(goal, lanczos, box=cover_box(picture.size, goal, options.focus))


def _filtered(picture: Image.Image, filters: Filters, ratio: float) -> Image.Image:
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    lut, matrix, cube = filters.lut(), filters.matrix(), filters.cube()
    if lut is not None or matrix is not None or cube is not None:
        colors = picture.convert("RGB")
        if lut is not None:
            colors = colors.point(lut * 3)
        if matrix is not None:
            colors = colors.convert("RGB", [part for row in matrix for part in (*row, 0.5)])
        if cube is not None:
            colors = colors.filter(cube)
        picture = colors
        if alpha is not None:
            picture.putalpha(alpha)
    if filters.blur:
        blur = ImageFilter.GaussianBlur(filters.blur * ratio)
        # Blurred with its alpha multiplied in, or the colour of what is transparent would bleed into the edge.
        picture = picture.convert("RGBa").filter(blur).convert("RGBA") if alpha is not None else picture.filter(blur)
    return picture


def _encoded(picture: Image.Image) -> tuple[str, bytes]:
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    out = io.BytesIO()
    if picture.mode == "RGBA":
        picture.save(out, "PNG", compress_level=4)
        return "png", out.getvalue()
    picture.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return "jpeg", out.getvalue()


def _answer(body: bytes) -> bytes:
    answer: Answer
    try:
        answer = prepared(msgspec.msgpack.decode(body, type=PrepareQuestion))
    except RefusedError as error:
        answer = RefusedAnswer(reason=str(error))
    except MemoryError:
        answer = RefusedAnswer(reason="the picture needs more memory than decoding may use: make it smaller")
    return msgspec.msgpack.encode(answer)


if __name__ == "__main__":
    serve(_answer, memory_bytes=_MEMORY_BYTES)
