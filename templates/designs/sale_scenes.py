"""The sale's scenes: poster colours, seals, a coupon, a clock; slanted bands lead from scene to scene."""

import math

from kit.keys import IN_OUT, OUT, SINE, Json, Number, keys
from kit.motion import drift, fade, pop, rising_text, slide, turn
from kit.scene import Composition, Layer, Scene, slots
from kit.shapes import arc, burst, draw_on, ellipse, fill, group, line, path, rect, round_path, stroke
from kit.transitions import bands

POP = {
    "background": "#fff3e0",
    "primary": "#d3203a",
    "accent": "#ffc53d",
    "text": "#2b1016",
    "contrast": "#ffffff",
    "ink": "#2b1016",
}
NOWRUZ = {
    "background": "#f1f7e8",
    "primary": "#1b7348",
    "accent": "#f9b934",
    "text": "#12301f",
    "contrast": "#ffffff",
    "ink": "#12301f",
}
OCEAN = {
    "background": "#e9f3fb",
    "primary": "#164fa6",
    "accent": "#ffb703",
    "text": "#0b2545",
    "contrast": "#ffffff",
    "ink": "#0b2545",
}
YALDA = {
    "background": "#240a14",
    "primary": "#a3163a",
    "accent": "#f0b95b",
    "text": "#fdf0e2",
    "contrast": "#fff6ea",
    "ink": "#2b0a14",
}
C = slots(POP)
W, H = 1920, 1080
CX, CY = W / 2, H / 2
WHITE = "#ffffff"
COUPON = "#7b1e5a"
SETTLE = (0.2, 0.8, 0.3, 1.0)


def change(scene: Scene, *, opens: bool = True, closes: bool = True) -> None:
    """The bands that lead in and out."""
    bands(scene, [C["accent"], C["primary"], C["background"], C["primary"], C["accent"]], opens=opens, closes=closes)


def rays(scene: Scene, slot: str, at: tuple[Number, Number], *, opacity: Number, count: int = 12) -> None:
    """Rays that turn slowly behind everything."""
    far, half = 2200, math.pi / count / 2
    beams = [
        path([(0, 0), *((far * math.cos(a + side * half), far * math.sin(a + side * half)) for side in (-1, 1))])
        for a in (2 * math.pi * i / count for i in range(count))
    ]
    scene.shape(
        "Rays", *beams, fill(WHITE if slot == "white" else C[slot], opacity), at=at, rotate=turn(scene.frames, 0, 24)
    )


def ground(scene: Scene, slot: str) -> None:
    """A plain ground."""
    scene.shape("Background", rect(W, H, at=(CX, CY)), fill(C[slot]))


def dots(
    scene: Scene, at: tuple[Number, Number], slot: str, *, columns: int = 7, rows: int = 7, opacity: Number = 100
) -> None:
    """A raster of dots that shrink towards one side, as in print."""
    raster = [ellipse(22 - 2.6 * x, at=(x * 36, y * 36)) for x in range(columns) for y in range(rows)]
    scene.shape("Dots", *raster, fill(C[slot], opacity), at=drift(scene.frames, at, (40, -24)))


def confetti(
    scene: Scene,
    start: Number,
    at: tuple[Number, Number],
    spread: Number,
    *,
    count: int = 18,
    tints: tuple[str, str, str] = ("accent", "text", "primary"),
) -> None:
    """Bits of paper that fly out of a point and sink; their ways come from the golden angle, not from chance."""
    bits = []
    for i in range(count):
        angle = i * 2.39996
        reach = spread * (0.55 + 0.45 * ((i * 7) % count) / count)
        x, y = reach * math.cos(angle), reach * 0.62 * math.sin(angle) - 60
        way = keys((start, (0, 0), OUT), (start + 26, (x, y), SINE), (scene.frames, (x * 1.04, y + 130)))
        piece = ellipse(30) if i % 3 == 0 else rect(46, 22, radius=5)
        bits.append(
            group(
                piece,
                fill(C[tints[i % 3]]),
                at=way,
                rotate=turn(scene.frames, i * 50, i * 50 + (-1) ** i * 300),
                scale=pop(start, length=14),
            )
        )
    scene.shape("Confetti", *bits, at=at, span=(start, scene.frames))


def teaser(scene: Scene) -> None:
    ground(scene, "primary")
    rays(scene, "white", (CX, CY), opacity=9)
    dots(scene, (110, 110), "accent", opacity=90)
    dots(scene, (1610, 770), "accent", opacity=90)
    confetti(scene, 4, (CX, CY - 130), 1000, tints=("accent", "contrast", "accent"))
    scene.shape(
        "Plate",
        rect(keys((0, (820, 430)), (22, (1240, 430)), ease=OUT), radius=40),
        fill(C["background"]),
        at=(CX, CY - 20),
        rotate=keys((0, -9), (26, -3)),
    )
    scene.shape(
        "Plate line",
        rect(keys((0, (770, 380)), (22, (1190, 380)), ease=OUT), radius=26),
        stroke(C["primary"], 5),
        at=(CX, CY - 20),
        rotate=keys((0, -9), (26, -3)),
    )
    scene.text(
        "Shout",
        "خبر خوب!",
        200,
        C["text"],
        weight="Black",
        at=(CX, CY + 50),
        rotate=-3,
        scale=pop(4, length=22),
        opacity=fade(2, length=6),
    )
    rising_text(scene, "Hint", "فروش ویژهٔ پایان فصل رسید", 74, C["contrast"], (CX, 930), 16, width=1600, weight="Bold")
    change(scene, opens=False)


def percent(scene: Scene) -> None:
    ground(scene, "background")
    rays(scene, "accent", (CX, CY), opacity=26)
    confetti(scene, 8, (CX, CY), 1060, count=24)
    tilt = scene.null("Seal tilt", at=(CX, 535), rotate=-6)
    seal = scene.null("Seal place", parent=tilt, scale=pop(6, length=26))
    scene.shape(
        "Seal shadow",
        burst(24, 452, 412),
        fill("#000000", 14),
        parent=seal,
        at=(12, 20),
        rotate=turn(scene.frames, 0, 20),
    )
    scene.shape("Seal", burst(24, 450, 410), fill(C["primary"]), parent=seal, rotate=turn(scene.frames, 0, 20))
    scene.shape(
        "Seal stitch",
        ellipse(760),
        stroke(C["contrast"], 5, 75, dash=(4, 16)),
        parent=seal,
        rotate=turn(scene.frames, 0, -30),
    )
    scene.text(
        "Up to",
        "تا",
        84,
        C["contrast"],
        weight="Bold",
        parent=tilt,
        at=slide((0, -190), 16, by=(0, 40)),
        opacity=fade(16),
    )
    scene.text(
        "Percent",
        "۵۰٪",
        330,
        C["contrast"],
        weight="Black",
        parent=tilt,
        at=(0, 110),
        scale=keys((12, (60, 60)), (34, (100, 100)), ease=(0.3, 1.35, 0.5, 1)),
        opacity=fade(12, length=7),
    )
    scene.text(
        "Off",
        "تخفیف",
        112,
        C["contrast"],
        weight="ExtraBold",
        parent=tilt,
        at=slide((0, 262), 18, by=(0, 40)),
        opacity=fade(18),
    )
    change(scene)


def _sticker(scene: Scene, key: str, item: Json, root: Layer) -> None:
    scene.shape(f"Sticker {key}", item, fill(C["accent"]), parent=root)


def product(scene: Scene) -> None:
    ground(scene, "primary")
    dots(scene, (1580, 90), "contrast", opacity=30)
    scene.shape(
        "Slab",
        path([(-900, -640), (140, -640), (-140, 640), (-900, 640)]),
        fill(C["background"]),
        at=slide((900, CY), 0, by=(-500, 0), length=28),
    )
    card = scene.null("Card", at=slide((560, 545), 3, by=(-700, 60), length=30), rotate=keys((3, -14), (36, -4)))
    scene.shape("Card shadow", rect(780, 780, radius=56), fill("#000000", 14), parent=card, at=(16, 24))
    scene.shape("Card rim", rect(780, 780, radius=56), fill(C["contrast"]), parent=card)
    used = scene.picture("product", "gifts.jpg", (730, 730))
    inside = Composition(730, 730, scene.frames)
    zoom = keys((3, (116, 116), OUT), (34, (105, 105), (0.3, 0.3, 0.7, 0.7)), (scene.frames, (101, 101)))
    inside.image("Product", used, (730, 730), at=(365, 365), scale=zoom)
    scene.cut(scene.window("Product frame", inside, parent=card), round_path(730, 730, 40, at=(365, 365)))
    sticker = scene.null("Sticker place", at=(900, 250), scale=pop(16), rotate=keys((16, 40), (40, 10)))
    _sticker(scene, "seal", burst(16, 156, 130), sticker)
    _sticker(scene, "disc", ellipse(280), sticker)
    _sticker(scene, "ribbon", path([(-190, -72), (190, -72), (150, 0), (190, 72), (-190, 72), (-150, 0)]), sticker)
    scene.text("Sticker words", "ویژه", 76, C["ink"], weight="Black", parent=sticker, at=(0, 25))
    for name, words, size, top, height, start, weight in (
        ("Product name", "جعبهٔ هدیه", 140, 300, 210, 10, "Black"),
        ("About", "سه اندازه، ده رنگ،\nبا روبان دست‌دوز", 60, 540, 220, 14, "Medium"),
    ):
        scene.text(
            name, words, size, C["contrast"], weight=weight, align="right", box=(690, height), leading=1.4 if size > 100 else 1.55,
            at=slide((1450, top + height / 2), start, by=(140, 0), length=28), opacity=fade(start),
        )  # fmt: skip
    change(scene)


def price(scene: Scene) -> None:
    ground(scene, "background")
    scene.shape("Half", rect(W, 560, at=(CX, H - 280)), fill(C["primary"]), at=slide((0, 0), 0, by=(0, 560), length=30))
    dots(scene, (110, 90), "primary", opacity=22)
    rising_text(scene, "Was", "قیمت قبلی", 60, C["text"], (CX, 190), 8, width=1500, weight="Medium")
    rising_text(scene, "Old price", "۹۸۰٬۰۰۰", 150, C["text"], (CX, 380), 10, width=1500, weight="Bold")
    scene.shape("Strike", line((-380, 34), (380, -34)), draw_on(28, 16), stroke(C["primary"], 16), at=(CX, 330))
    tag = scene.null("Tag place", at=slide((CX, 700), 14, by=(0, 520), length=28), rotate=keys((14, 7), (44, -2)))
    scene.shape("Tag shadow", rect(1240, 340, radius=60), fill("#000000", 15), parent=tag, at=(12, 20))
    scene.shape("Tag", rect(1240, 340, radius=60), fill(C["accent"]), parent=tag)
    scene.shape("Tag holes", group(ellipse(56, at=(-545, 0)), ellipse(56, at=(545, 0)), fill(C["primary"])), parent=tag)
    scene.text(
        "New price",
        "۴۹۰٬۰۰۰",
        230,
        C["ink"],
        weight="Black",
        parent=tag,
        at=(0, 80),
        scale=keys((26, (70, 70)), (46, (100, 100)), ease=(0.3, 1.35, 0.5, 1)),
        opacity=fade(24, length=8),
    )
    rising_text(scene, "Currency", "تومان", 72, C["contrast"], (CX, 980), 26, width=1200, weight="Bold")
    change(scene)


def _gift(scene: Scene, key: str, words: str, y: Number, start: Number) -> None:
    root = scene.null(f"Gift place {key}", at=slide((1290, y), start, by=(900, 0), length=30))
    scene.shape(f"Gift ground {key}", rect(1000, 170, radius=40), fill(C["contrast"]), parent=root)
    box = scene.null(f"Gift box place {key}", parent=root, at=(400, 0), scale=pop(start + 10))
    scene.shape(f"Gift box {key}", rect(110, 110, radius=30), fill(C["accent"]), parent=box)
    scene.shape(
        f"Gift check {key}",
        line((-26, 2), (-8, 21), (27, -19)),
        draw_on(start + 16, 12),
        stroke(C["ink"], 13),
        parent=box,
    )
    scene.text(f"Gift {key}", words, 66, C["primary"], weight="Bold", parent=root, at=(-70, 24))


def extras(scene: Scene) -> None:
    ground(scene, "primary")
    rays(scene, "white", (300, CY), opacity=7)
    scene.shape("Disc", ellipse(900), fill(C["accent"]), at=slide((250, CY), 2, by=(-600, 0), length=32))
    scene.text(
        "Heading",
        "و این‌ها\nهدیهٔ ما",
        118,
        C["ink"],
        weight="Black",
        box=(560, 440),
        leading=1.4,
        at=slide((345, CY), 10, by=(-120, 0), length=28),
        opacity=fade(10),
    )
    _gift(scene, "one", "ارسال رایگان", 290, 8)
    _gift(scene, "two", "هفت روز بازگشت", 540, 13)
    _gift(scene, "three", "بسته‌بندی هدیه", 790, 18)
    change(scene)


def coupon(scene: Scene) -> None:
    ground(scene, "background")
    dots(scene, (110, 760), "primary", opacity=24)
    dots(scene, (1590, 90), "accent")
    rising_text(scene, "Ask", "این کد را هنگام خرید بنویسید", 80, C["text"], (CX, 250), 8, width=1640, weight="Bold")
    root = scene.null("Coupon place", at=slide((CX, 600), 4, by=(0, 760), length=32), rotate=keys((4, 9), (40, -2)))
    w, h, r = 620, 210, 60
    k = r * 0.5523
    points = [(-w, -h), (w, -h), (w, -r), (w - r, 0), (w, r), (w, h), (-w, h), (-w, r), (r - w, 0), (-w, -r)]
    zero = (0, 0)
    into = [zero, zero, zero, (0, -k), (-k, 0), zero, zero, zero, (0, k), (k, 0)]
    out = [zero, zero, (-k, 0), (0, k), zero, zero, zero, (k, 0), (0, -k), zero]
    scene.shape("Coupon shadow", path(points, into=into, out=out), fill("#000000", 14), parent=root, at=(12, 22))
    scene.shape("Coupon", path(points, into=into, out=out), fill(COUPON), parent=root)
    scene.shape("Coupon stitch", rect(1050, 340, radius=24), stroke(C["contrast"], 5, 80, dash=(6, 16)), parent=root)
    scene.text(
        "Code",
        "SALE50",
        210,
        C["contrast"],
        weight="Black",
        parent=root,
        at=(0, 75),
        scale=keys((16, (70, 70)), (38, (100, 100)), ease=(0.3, 1.35, 0.5, 1)),
        opacity=fade(16, length=8),
    )
    gleam = scene.shape(
        "Gleam",
        path([(-60, -230), (50, -230), (-50, 230), (-160, 230)]),
        fill(WHITE, 26),
        parent=root,
        at=keys((34, (-800, 0)), (58, (860, 0)), ease=IN_OUT),
        span=(34, 59),
    )
    scene.matte(gleam, path(points, into=into, out=out), fill(WHITE), parent=root)
    rising_text(
        scene, "Small print", "تنها در فروشگاه اینترنتی", 56, C["text"], (CX, 965), 22, width=1500, weight="Medium"
    )
    change(scene)


def deadline(scene: Scene) -> None:
    ground(scene, "primary")
    at = (520, 540)
    scene.shape("Wave", ellipse(1300), fill(WHITE, 6), at=at, scale=keys((0, (70, 70)), (40, (100, 100))))
    root = scene.null("Clock", at=at, scale=pop(3, length=24))
    for side in (-1, 1):
        scene.shape("Foot", line((side * 190, 250), (side * 250, 345)), stroke(C["ink"], 44), parent=root)
        scene.shape(
            "Bell",
            group(arc(120, 180, 360), line((-120, 0), (120, 0)), fill(C["accent"])),
            parent=root,
            at=(side * 215, -255),
            rotate=side * 40,
        )
    scene.shape("Clock rim", ellipse(660), fill(C["accent"]), parent=root)
    scene.shape("Clock face", ellipse(560), fill(C["background"]), parent=root)
    ticks = [
        group(line((0, -246), (0, -216 if i % 3 else -202)), stroke(C["text"], 10 if i % 3 else 16), rotate=30 * i)
        for i in range(12)
    ]
    scene.shape("Clock ticks", *ticks, parent=root)
    scene.shape(
        "Hour hand",
        line((0, 24), (0, -120)),
        stroke(C["text"], 24),
        parent=root,
        rotate=keys((0, 296), (scene.frames, 330), ease=(0.3, 0.3, 0.7, 0.7)),
    )
    scene.shape(
        "Minute hand",
        line((0, 34), (0, -178)),
        stroke(C["primary"], 16),
        parent=root,
        rotate=keys((0, -60), (scene.frames, 348), ease=(0.3, 0.3, 0.6, 1)),
    )
    scene.shape("Pin", ellipse(40), fill(C["text"]), parent=root)
    for name, words, size, top, height, start, weight, leading in (
        ("Hurry", "فرصت کوتاه است", 76, 230, 116, 10, "Bold", 1.4),
        ("Deadline", "فقط تا\nپایان جمعه", 148, 370, 460, 13, "Black", 1.36),
        ("Stock", "تا وقتی که داریم", 60, 860, 100, 18, "Medium", 1.4),
    ):
        scene.text(
            name, words, size, C["contrast"], weight=weight, align="right", box=(800, height), leading=leading,
            at=slide((1400, top + height / 2), start, by=(0, 110), length=28), opacity=fade(start),
        )  # fmt: skip
    change(scene)


def ending(scene: Scene) -> None:
    ground(scene, "background")
    rays(scene, "accent", (CX, 430), opacity=30)
    scene.shape("Disc shadow", ellipse(700), fill("#000000", 10), at=(CX + 10, 450), scale=pop(3, length=24))
    scene.shape("Disc", ellipse(700), fill(C["primary"]), at=(CX, 430), scale=pop(3, length=24))
    scene.shape(
        "Disc stitch",
        ellipse(630),
        stroke(C["contrast"], 5, 75, dash=(4, 16)),
        at=(CX, 430),
        scale=pop(5, length=24),
        rotate=turn(scene.frames, 0, 30),
    )
    scene.text(
        "Shop", "بازارچه", 172, C["contrast"], weight="Black", at=slide((CX, 440), 10, by=(0, 50)), opacity=fade(10)
    )
    scene.text(
        "Slogan",
        "خرید خوش، قیمت خوش",
        48,
        C["contrast"],
        weight="Medium",
        at=slide((CX, 545), 14, by=(0, 50)),
        opacity=fade(14),
    )
    confetti(scene, 8, (CX, 430), 900)
    scene.shape(
        "Button",
        rect(keys((18, (130, 130)), (40, (820, 130)), ease=IN_OUT), radius=65),
        fill(C["text"]),
        at=(CX, 915),
        span=(18, scene.frames),
    )
    scene.text("Address", "bazarcheh.ir", 60, C["background"], weight="Bold", at=(CX, 935), opacity=fade(32))
    change(scene, closes=False)
