"""Pictures traced, recoloured and drawn again by the engine: the areas have the colours they should have."""

import io
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from flatrender.engine import framing
from flatrender.engine.picture_svg import rasterised
from flatrender.engine.vector import tracing
from flatrender.engine.vector.drawing import MAX_BYTES, MAX_PATHS, from_svg, to_svg
from flatrender.engine.vector.recoloring import recolored
from flatrender.engine.vector.tracing import Traced, TraceRefused, TracerFailed, trace

PALETTE = {"background": "#f5efe7", "primary": "#6d5df6", "accent": "#ffb454", "text": "#1b2133"}
OTHER = {"background": "#0b1020", "primary": "#1d9a74", "accent": "#e04890", "text": "#f1faf5"}


def scene(palette: dict[str, str], *, scale: int = 4) -> Image.Image:
    """Return a scene of 640×360 px in these colours: a ground, a band, a disc, a translucent disc, a mark of a fixed colour, soft edges."""
    picture = Image.new("RGB", (640 * scale, 360 * scale), palette["background"])
    draw = ImageDraw.Draw(picture)

    def box(*corners: int) -> tuple[int, ...]:
        return tuple(corner * scale for corner in corners)

    draw.rectangle(box(0, 250, 640, 360), fill=palette["primary"])
    draw.ellipse(box(60, 60, 220, 220), fill=palette["accent"])
    draw.rectangle(box(300, 60, 500, 90), fill=palette["text"])
    draw.ellipse(box(520, 40, 600, 120), fill="#00c800")
    over = Image.new("RGB", picture.size, palette["primary"])
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).ellipse(box(330, 120, 430, 220), fill=102)
    picture.paste(over, mask=mask)
    return picture.resize((640, 360), Image.Resampling.BOX)


AREAS = {"background": (270, 30), "primary": (320, 320), "accent": (140, 140), "text": (400, 75), "translucent": (380, 170), "fixed": (560, 80)}  # fmt: skip


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def drawn(traced: Traced, palette: dict[str, str]) -> np.ndarray:
    """Return the drawing under these colours, as the engine draws its SVG, 640×360."""
    colors = tuple(recolored(group.color, group.rule, palette) for group in traced.groups)
    svg = to_svg(msgspec.structs.replace(traced.drawing, colors=colors), {})
    return np.asarray(rasterised(svg.encode(), least=(640, 360), longest=640).convert("RGB")).astype(int)


def test_a_picture_recolored_is_the_picture_drawn_in_those_colors() -> None:
    traced = trace(encoded(scene(PALETTE)), PALETTE)
    for palette in (PALETTE, OTHER):
        wanted, found = np.asarray(scene(palette)).astype(int), drawn(traced, palette)
        for name, (x, y) in AREAS.items():
            assert np.abs(found[y, x] - wanted[y, x]).max() <= 3, name
        assert np.abs(found - wanted).mean() < 1.5
    followed = {group.rule.slot for group in traced.groups if group.share > 0.005}
    assert followed == {*PALETTE, None}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_lossy_picture_is_mapped_to_the_same_slots(kind: str) -> None:
    traced = trace(encoded(scene(PALETTE), kind, quality=88), PALETTE)
    wanted, found = np.asarray(scene(OTHER)).astype(int), drawn(traced, OTHER)
    for name, (x, y) in AREAS.items():
        assert np.abs(found[y, x] - wanted[y, x]).max() <= 10, name


def test_the_same_picture_is_always_traced_the_same() -> None:
    data = encoded(scene(PALETTE))
    first = trace(data, PALETTE)
    tracing._helpers.close()
    again = trace(data, PALETTE)
    assert again == first
    assert not first.reduced
    assert from_svg(to_svg(first.drawing, {}))[0] == first.drawing


def test_the_group_that_covers_most_is_first_and_the_shares_are_of_the_picture() -> None:
    traced = trace(encoded(scene(PALETTE)), PALETTE)
    shares = [group.share for group in traced.groups]
    assert all(one >= other for one, other in pairwise(shares))
    assert shares[0] == pytest.approx(0.52, abs=0.05)
    assert 0.98 < sum(shares) <= 1.001


def test_a_photograph_in_a_scene_keeps_its_colors() -> None:
    rng = np.random.default_rng(7)
    noise = Image.fromarray(rng.integers(0, 255, (18, 24, 3), dtype=np.uint8)).resize(
        (240, 180), Image.Resampling.BICUBIC
    )
    photo = noise.filter(ImageFilter.GaussianBlur(3))
    picture = scene(PALETTE)
    picture.paste(photo, (260, 110))
    traced = trace(encoded(picture), PALETTE)
    pictured = sum(group.share for group in traced.groups if group.pictured)
    assert pictured == pytest.approx(240 * 180 / (640 * 360), abs=0.03)
    before, after = drawn(traced, PALETTE)[120:280, 270:490], drawn(traced, OTHER)[120:280, 270:490]
    assert np.abs(before - after).mean() < 1
    # what is drawn around it follows
    assert np.abs(drawn(traced, OTHER)[20, 20] - [11, 16, 32]).max() <= 3


def test_what_is_transparent_stays_transparent() -> None:
    picture = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((100, 50, 300, 150), fill=PALETTE["primary"])
    traced = trace(encoded(picture), PALETTE)
    assert [(group.color, group.share) for group in traced.groups] == [("#6d5df6", pytest.approx(0.25, abs=0.01))]
    alpha = np.asarray(rasterised(to_svg(traced.drawing, {}).encode(), least=(400, 200), longest=400).getchannel("A"))
    assert alpha[10, 10] == 0
    assert alpha[100, 200] == 255


def test_an_svg_is_drawn_and_traced() -> None:
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 36"><rect width="64" height="36" fill="{PALETTE["background"]}"/>
    <circle cx="30" cy="18" r="12" style="fill:{PALETTE["primary"]}"/></svg>"""
    traced = trace(svg.encode(), PALETTE)
    assert [group.rule.slot for group in traced.groups[:2]] == ["background", "primary"]
    assert (traced.drawing.width, traced.drawing.height) == (1280, 720)


GROUND = '<rect width="64" height="36" fill="#f5efe7"/>'
HOSTILE = {
    "a script": f'<script>fetch("https://example.org")</script>{GROUND}',
    "events": GROUND.replace("/>", ' onclick="alert(1)" onload="alert(2)"/>'),
    "a picture from elsewhere": f'{GROUND}<image href="https://example.org/x.png" width="9" height="9"/>',
    "a file of this machine": f'{GROUND}<image href="file:///etc/passwd" width="9" height="9"/>',
    "a style that reaches out": f'<style>@import "https://example.org/x.css"; rect {{ fill: url(https://example.org) }}</style>{GROUND}',
    "a foreign object": f'{GROUND}<foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
    "animation": f'{GROUND}<animate attributeName="href" values="javascript:alert(1)"/>',
    "a script in a link": f'<a href="javascript:alert(1)">{GROUND}</a>',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_of_a_hostile_svg_only_the_drawing_is_left(body: str) -> None:
    traced = trace(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 36">{body}</svg>'.encode(), PALETTE)
    text = to_svg(traced.drawing, {})
    assert not any(
        word in text for word in ("script", "http:", "https", "file:", "on", "style", "foreign", "href", "url")
    ) or (text.count("http:") == 1)
    assert set(text.replace("http://www.w3.org/2000/svg", "").split("<")[1][:3]) == set("svg")
    assert traced.groups[0].rule.slot == "background"


REFUSED = {
    "an entity bomb": b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
    "an external entity": b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
    "elements without number": b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
    + b"<g/>" * 30_000
    + b"</svg>",
    "elements nested deep": b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<g>" * 500 + b"</g>" * 500 + b"</svg>",
    "elements that multiply": b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g id="a"><rect/><rect/></g>'
    + b"".join(b'<g id="%c"><use href="#%c"/><use href="#%c"/></g>' % (98 + n, 97 + n, 97 + n) for n in range(20))
    + b"</svg>",
    "an SVG without a size": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "no picture": b"hello",
    "nothing": b"",
    "half a picture": encoded(Image.effect_noise((200, 200), 60))[:3000],
    "a bitmap of an old kind": encoded(Image.new("RGB", (9, 9)), "BMP"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_sound_picture_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(TraceRefused) as refused:
        trace(data, PALETTE)
    assert refused.value.code == "picture_invalid"
    assert len(refused.value.detail) > 20


def test_a_picture_that_shows_nothing_is_refused() -> None:
    with pytest.raises(TraceRefused, match="transparent"):
        trace(encoded(Image.new("RGBA", (64, 64), (0, 0, 0, 0))), PALETTE)


def test_a_picture_of_noise_stays_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "DEADLINE_S", 200.0)  # other tests may have the machine
    noise = np.random.default_rng(1).integers(0, 255, (135, 240, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), compress_level=1)
    traced = trace(data, PALETTE, colors=40, detail="high")
    assert traced.reduced
    assert len(traced.drawing.shapes) <= MAX_PATHS
    assert len(to_svg(traced.drawing, {})) <= MAX_BYTES


def test_more_bytes_or_colors_than_may_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MAX_PICTURE_BYTES", 100)
    with pytest.raises(TraceRefused, match="at most"):
        trace(encoded(scene(PALETTE)), PALETTE)
    with pytest.raises(ValueError, match="2 to 42"):
        trace(b"", PALETTE, colors=400)


def test_a_tracer_that_takes_too_long_is_ended_and_the_next_picture_has_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "DEADLINE_S", 0.001)
    with pytest.raises(TracerFailed, match="longer than"):
        trace(encoded(scene(PALETTE)), PALETTE)
    monkeypatch.undo()
    assert trace(encoded(scene(PALETTE)), PALETTE).groups
    assert framing.MAX_MESSAGE > tracing.MAX_PICTURE_BYTES
