"""The promo's scenes: light paper, arches and discs; discs lead from scene to scene."""

from kit.keys import IN_OUT, OUT, Number, keys
from kit.motion import drift, fade, pop, rising_text, slide, turn
from kit.scene import Composition, Layer, Scene, slots
from kit.shapes import draw_on, ellipse, fill, group, line, rect, round_path, stroke, trim
from kit.transitions import circles

CLAY = {
    "background": "#f5efe7",
    "surface": "#e7dccf",
    "primary": "#1f2a44",
    "accent": "#e07a4b",
    "text": "#1b2133",
    "contrast": "#fff8ef",
}
VIOLET = {
    "background": "#f4f2fb",
    "surface": "#dfd8f6",
    "primary": "#43299c",
    "accent": "#ff9a5c",
    "text": "#1e1743",
    "contrast": "#ffffff",
}
MINT = {
    "background": "#eef6f1",
    "surface": "#d3e8dc",
    "primary": "#0f5548",
    "accent": "#f2b035",
    "text": "#10312a",
    "contrast": "#f5fffa",
}
NOIR = {
    "background": "#17181d",
    "surface": "#292b34",
    "primary": "#e8b84a",
    "accent": "#d9603b",
    "text": "#f6f3ec",
    "contrast": "#1c1709",
}
C = slots(CLAY)
W, H = 1920, 1080
FRAMES = 75
WHITE = "#ffffff"


def ground(scene: Scene, slot: str) -> None:
    """A plain ground."""
    scene.shape("Background", rect(W, H, at=(W / 2, H / 2)), fill(C[slot]))


def change(scene: Scene, *, opens: bool = True, closes: bool = True) -> None:
    """The discs that lead in and out."""
    circles(scene, (C["primary"], C["accent"], C["surface"]), opens=opens, closes=closes)


def framed(
    scene: Scene,
    name: str,
    file: str,
    size: tuple[int, int],
    root: Layer,
    start: Number,
    *,
    corner: Number,
    top: Number | None = None,
    asset: str = "",
) -> None:
    """A picture with round corners (`top`: the upper ones); it settles slowly while its frame arrives with `root`."""
    w, h = size
    used = scene.picture(asset or name.lower(), file, size)
    inside = Composition(w, h, scene.frames)
    zoom = keys((start, (114, 114), OUT), (start + 30, (104, 104), (0.3, 0.3, 0.7, 0.7)), (FRAMES, (100, 100)))
    inside.image(name, used, size, at=(w / 2, h / 2), scale=zoom)
    window = scene.window(f"{name} frame", inside, parent=root)
    scene.cut(window, round_path(w, h, corner, top=top, at=(w / 2, h / 2)))


def started(
    scene: Scene,
    name: str,
    text: str,
    size: Number,
    slot: str,
    x: Number,
    top: Number,
    start: Number,
    *,
    width: Number,
    height: Number,
    weight: str,
    leading: Number = 1.3,
) -> None:
    """Words in a box (left and right edge `width` apart around `x`), aligned to where reading starts; they glide up."""
    scene.text(
        name, text, size, C[slot], weight=weight, align="right", box=(width, height), leading=leading,
        at=slide((x, top + height / 2), start, by=(0, 90), length=26), opacity=fade(start, length=12),
    )  # fmt: skip


def rings(
    scene: Scene,
    at: tuple[Number, Number],
    radii: tuple[Number, ...],
    slot: str,
    start: Number,
    *,
    opacity: Number = 100,
    width: Number = 3,
) -> None:
    """Parts of rings that draw themselves on and turn against each other."""
    for i, radius in enumerate(radii):
        scene.shape(
            "Ring", ellipse(2 * radius), trim(end=keys((start + 2 * i, 6), (start + 34, 78 - 16 * i))), stroke(C[slot], width, opacity),
            at=at, rotate=turn(scene.frames, 40 * (-1) ** i, -70 * (-1) ** i),
        )  # fmt: skip


def opening(scene: Scene) -> None:
    ground(scene, "background")
    scene.shape("Sun", ellipse(1060), fill(C["surface"]), at=(510, 600), scale=keys((0, (82, 82)), (30, (100, 100))))
    rings(scene, (510, 600), (462, 496), "accent", -4)
    root = scene.null("Arch", at=slide((510, 590), -6, by=(0, 420), length=34))
    framed(scene, "Hero", "headphones.jpg", (720, 900), root, 0, corner=44, top=360)
    started(scene, "Kicker", "هدفون بی‌سیم نوا", 50, "text", 1405, 230, 8, width=800, height=80, weight="Medium")
    started(
        scene,
        "Headline",
        "صدایی که\nحس می‌شود",
        140,
        "text",
        1405,
        320,
        11,
        width=800,
        height=430,
        weight="Black",
        leading=1.32,
    )
    started(
        scene,
        "Lead",
        "سکوت دنیا، موسیقی شما.\nچهل ساعت بی‌وقفه.",
        48,
        "text",
        1405,
        770,
        15,
        width=800,
        height=160,
        weight="Regular",
        leading=1.5,
    )
    badge = scene.null("Badge place", at=(850, 880), scale=pop(18), rotate=keys((18, -40), (40, -8)))
    scene.shape("Badge", ellipse(230), fill(C["primary"]), parent=badge)
    scene.shape(
        "Badge ring", ellipse(200), stroke(C["contrast"], 3, 60, dash=(2, 11)), parent=badge, rotate=turn(FRAMES, 0, 50)
    )
    scene.text("Badge text", "تازه رسید", 44, C["contrast"], weight="Bold", parent=badge, at=(0, 14))
    change(scene, opens=False)


def name(scene: Scene) -> None:
    ground(scene, "primary")
    at = (1400, 540)
    scene.shape("Halo", ellipse(1500), fill(WHITE, 6), at=at, scale=keys((4, (70, 70)), (40, (100, 100))))
    rings(scene, at, (560, 612, 664), "accent", 8, width=4)
    root = scene.null("Disc", at=at, scale=keys((2, (40, 40)), (32, (100, 100))))
    framed(scene, "Portrait", "speaker.jpg", (1000, 1000), root, 2, corner=500)
    scene.shape(
        "Moon",
        group(ellipse(120), fill(C["accent"]), at=(-560, 0)),
        at=at,
        rotate=keys((10, 70), (70, 20), ease=(0.2, 0.8, 0.4, 1)),
        scale=pop(10),
    )
    started(scene, "Name", "نوا ۲", 210, "contrast", 440, 310, 10, width=680, height=300, weight="Black")
    started(
        scene,
        "About",
        "بلندگویی کوچک\nبا صدایی بزرگ",
        60,
        "contrast",
        440,
        610,
        14,
        width=680,
        height=260,
        weight="Medium",
        leading=1.5,
    )
    change(scene)


def _row(scene: Scene, key: str, text: str, y: Number, start: Number) -> None:
    root = scene.null(f"Row {key}", at=slide((1390, y), start, by=(560, 0), length=28))
    scene.shape("Row ground", rect(820, 136, radius=68), fill(C["surface"]), parent=root)
    scene.shape("Check disc", ellipse(96), fill(C["primary"]), parent=root, at=(342, 0), scale=pop(start + 8))
    scene.shape(
        "Check",
        line((-20, 2), (-6, 17), (21, -15)),
        draw_on(start + 14, 12),
        stroke(C["contrast"], 9),
        parent=root,
        at=(342, 0),
    )
    scene.text(f"Feature {key}", text, 50, C["text"], weight="SemiBold", parent=root, at=(-50, 17))


def features(scene: Scene) -> None:
    ground(scene, "background")
    scene.shape("Hill", ellipse(1300), fill(C["surface"], 70), at=drift(FRAMES, (330, 900), (0, -70)))
    scene.shape(
        "Sun",
        ellipse(300),
        fill(C["accent"]),
        at=slide((800, 240), 4, by=(-140, 120), length=36),
        scale=pop(4, ease=OUT, length=28),
    )
    tall = scene.null("Tall card", at=slide((450, 520), 2, by=(-120, 700), length=32), rotate=keys((2, -16), (40, -5)))
    framed(scene, "Picture one", "earbuds.jpg", (600, 740), tall, 2, corner=44)
    small = scene.null("Small card", at=slide((770, 790), 8, by=(160, 560), length=32), rotate=keys((8, 22), (46, 6)))
    scene.shape("Card rim", rect(404, 404, radius=52), fill(C["background"]), parent=small)
    framed(scene, "Picture two", "finishes.jpg", (380, 380), small, 8, corner=40)
    rising_text(scene, "Heading", "چرا نوا؟", 104, C["text"], (1390, 300), 8, width=860, weight="Black")
    _row(scene, "one", "حذف هوشمند صدای محیط", 460, 13)
    _row(scene, "two", "شارژ کامل در ده دقیقه", 622, 17)
    _row(scene, "three", "ضد آب و گرد و غبار", 784, 21)
    change(scene)


def figure(scene: Scene) -> None:
    ground(scene, "primary")
    at = (480, 540)
    scene.shape("Halo", ellipse(960), fill(WHITE, 6), at=at, scale=keys((4, (60, 60)), (38, (100, 100))))
    scene.shape("Track", ellipse(640), stroke(WHITE, 40, 14), at=at)
    scene.shape("Gauge", ellipse(640), trim(end=keys((10, 0, IN_OUT), (48, 82))), stroke(C["accent"], 40), at=at)
    ticks = [
        group(line((0, -394), (0, -374 if i % 3 else -360)), stroke(C["contrast"], 4, 55), rotate=i * 10)
        for i in range(36)
    ]
    scene.shape("Ticks", *ticks, at=at, rotate=turn(FRAMES, -14, 14), opacity=fade(8, length=18))
    rising_text(scene, "Number", "۴۰", 270, C["contrast"], (480, 620), 10, width=560, weight="Black", length=30)
    scene.text("Unit", "ساعت پخش", 60, C["contrast"], weight="Medium", at=(480, 735), opacity=fade(24, length=14))
    card = scene.null("Card", at=slide((1390, 400), 6, by=(700, 0), length=32))
    inside = Composition(820, 540, FRAMES)
    used = scene.picture("detail", "detail.jpg", (820, 540))
    zoom = inside.null("Picture zoom", at=(410, 270))
    inside.image("Detail", used, (820, 540), parent=zoom)
    scene.cut(scene.window("Detail frame", inside, parent=card), round_path(820, 540, 44, at=(410, 270)))
    started(
        scene,
        "Caption",
        "یک بار شارژ کنید،\nیک هفته گوش بدهید",
        62,
        "contrast",
        1390,
        710,
        16,
        width=820,
        height=230,
        weight="SemiBold",
        leading=1.5,
    )
    change(scene)


def gallery(scene: Scene) -> None:
    ground(scene, "background")
    scene.shape(
        "Floor", rect(W, 420, at=(W / 2, H - 210)), fill(C["surface"]), at=slide((0, 0), 0, by=(0, 300), length=30)
    )
    scene.shape("Sun", ellipse(660), fill(C["accent"]), at=slide((960, 580), 4, by=(0, 300), length=40))
    rising_text(scene, "Heading", "برای هر سلیقه", 96, C["text"], (960, 165), 8, width=1500, weight="Black")
    pictures = (
        ("one", "headphones.jpg", 1470, 9, "خانه"),
        ("two", "speaker.jpg", 960, 6, "مهمانی"),
        ("three", "earbuds.jpg", 450, 12, "سفر"),
    )
    for key, file, x, start, caption in pictures:
        tall = 640 if key == "two" else 560
        root = scene.null(f"Door {key}", at=slide((x, 880 - tall / 2), start, by=(0, 800), length=34))
        scene.shape("Door rim", round_path(444, tall + 24, 50, top=222), fill(C["background"]), parent=root)
        framed(scene, f"Gallery {key}", file, (420, tall), root, start, corner=44, top=210, asset=f"gallery_{key}")
        scene.text(
            f"Gallery caption {key}",
            caption,
            56,
            C["text"],
            weight="Bold",
            at=slide((x, 985), start + 10, by=(0, 50)),
            opacity=fade(start + 10),
        )
    change(scene)


def ending(scene: Scene) -> None:
    ground(scene, "primary")
    at = (960, 330)
    for i, size in enumerate((1900, 1400, 920)):
        scene.shape(
            "Wave", ellipse(size), fill(WHITE, 4), at=at, scale=keys((2 + 3 * i, (60, 60)), (44 + 3 * i, (100, 100)))
        )
    rings(scene, at, (262, 300), "accent", 8, width=4)
    root = scene.null("Disc", at=at, scale=pop(4, length=26))
    framed(scene, "Last picture", "headphones.jpg", (460, 460), root, 4, corner=230)
    scene.shape(
        "Moon",
        group(ellipse(76), fill(C["accent"]), at=(0, -262)),
        at=at,
        rotate=keys((10, 110), (74, 40), ease=(0.2, 0.8, 0.4, 1)),
        scale=pop(12),
    )
    rising_text(scene, "Call", "همین امروز بشنوید", 128, C["contrast"], (960, 765), 12, width=1700, weight="Black")
    scene.shape(
        "Button",
        rect(keys((20, (124, 124)), (42, (720, 124)), ease=IN_OUT), radius=62),
        fill(C["contrast"]),
        at=(960, 910),
        span=(20, FRAMES),
    )
    scene.text("Shop", "nava-sound.ir", 54, C["primary"], weight="Bold", at=(960, 928), opacity=fade(34))
    change(scene, closes=False)
