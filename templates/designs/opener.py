"""Opener: a channel or company introduces itself. Dark, calm, geometric; upright shutters lead from scene to scene."""

from kit.keys import IN_OUT, OUT, SINE, Keys, keys
from kit.motion import drift, fade, growing_bar, pop, rising_text, slide, turn
from kit.package import Both, Package, SceneSpec, bind, field, image_field, text_field
from kit.scene import Layer, Scene, slots
from kit.shapes import arc, draw_on, ellipse, fill, gradient, group, line, rect, stroke, trim
from kit.transitions import columns

NIGHT = {"background": "#0b1020", "surface": "#18223f", "primary": "#6d5df6", "accent": "#ffb454", "text": "#f4f6ff"}
EMBER = {"background": "#190d10", "surface": "#331820", "primary": "#e0483e", "accent": "#ffcb8e", "text": "#fff4ee"}
FOREST = {"background": "#081d1b", "surface": "#12352f", "primary": "#1d9a74", "accent": "#f4d35e", "text": "#f1faf5"}
PAPER = {"background": "#f7f2e8", "surface": "#e8dfcd", "primary": "#27509b", "accent": "#b8431f", "text": "#14213d"}
C = slots(NIGHT)
W, H = 1920, 1080
CX, CY = W / 2, H / 2


def backdrop(scene: Scene, glow: tuple[float, float], *, size: float = 1500) -> None:
    """The ground of every scene: a plain colour, a soft light that wanders, thin upright lines."""
    scene.shape("Background", rect(W, H, at=(CX, CY)), fill(C["background"]))
    scene.shape(
        "Glow",
        ellipse(size, size),
        gradient(
            [(0, C["primary"], 0.42), (0.55, C["primary"], 0.12), (1, C["primary"], 0)],
            (0, 0),
            (size / 2, 0),
            radial=True,
        ),
        at=drift(scene.frames, glow, (160, -60)),
    )
    lines = [line((W / 6 * i, 0), (W / 6 * i, H)) for i in range(1, 6)]
    scene.shape("Lines", *lines, stroke(C["text"], 1.5, 9))


def orbit(
    scene: Scene,
    radius: float,
    start: float,
    end: float,
    *,
    sweep: tuple[float, float],
    width: float,
    colour: str,
    opacity: float,
    speed: float,
    at: tuple[float, float],
) -> None:
    """A part of a ring that draws itself on and turns."""
    scene.shape(
        f"Orbit {radius:.0f}",
        ellipse(radius * 2),
        trim(end=keys((start, sweep[0]), (end, sweep[1]), ease=OUT)),
        stroke(C[colour], width, opacity),
        at=at,
        rotate=turn(scene.frames, speed * -40, speed * 60),
    )


def satellite(
    scene: Scene,
    radius: float,
    size: float,
    colour: str,
    start: float,
    *,
    turn_from: float,
    turn_to: float,
    at: tuple[float, float],
) -> None:
    """A dot that runs around a ring."""
    scene.shape(
        "Satellite",
        group(ellipse(size), fill(C[colour]), at=(0, -radius), scale=pop(start, length=16)),
        at=at,
        rotate=turn(scene.frames, turn_from, turn_to),
    )


def logo(scene: Scene, at: tuple[float, float], size: float, start: float) -> Layer:
    """The logo on its disc."""
    root = scene.null("Logo place", at=at, scale=pop(start, length=24))
    scene.shape("Logo disc", ellipse(size), fill(C["primary"]), parent=root)
    asset = scene.picture("logo", "logo.png", (512, 512))
    scene.image("Logo", asset, (512, 512), parent=root, scale=(size * 0.6 / 5.12,) * 2)
    return root


def opening(scene: Scene) -> None:
    at = (CX, 470)
    backdrop(scene, (CX, 470))
    for i, side in enumerate((-1, 1)):
        scene.shape(
            f"Horizon {side}",
            line((0, 0), (side * 640, 0)),
            draw_on(4 + i, 34),
            stroke(C["accent"], 3),
            at=(CX + side * 380, 470),
        )
    orbit(scene, 350, -6, 44, sweep=(18, 74), width=3, colour="text", opacity=28, speed=1, at=at)
    orbit(scene, 282, -6, 36, sweep=(10, 62), width=12, colour="primary", opacity=100, speed=-1.6, at=at)
    orbit(scene, 226, 0, 30, sweep=(5, 88), width=4, colour="accent", opacity=100, speed=2.2, at=at)
    satellite(scene, 350, 26, "accent", 8, turn_from=-60, turn_to=70, at=at)
    satellite(scene, 282, 20, "text", 12, turn_from=150, turn_to=20, at=at)
    logo(scene, at, 320, 2)
    rising_text(scene, "Tagline", "هر روز، یک ایدهٔ تازه", 60, C["text"], (CX, 950), 22, width=1500, weight="SemiBold")
    columns(scene, C["primary"], C["accent"], opens=False, closes=True)


def name(scene: Scene) -> None:
    backdrop(scene, (1180, 420), size=1700)
    for i in range(6):
        tall = (890, 690, 70, 120, 730, 850)[i]
        top = slide((160 + 320 * i, H - tall / 2), 4 + i * 2, by=(0, tall), length=34)
        scene.shape("Pillar", rect(318, tall), fill(C["surface"], 78), at=top)
        scene.shape(
            "Pillar cap",
            rect(318, 6),
            fill(C["accent"] if i % 2 else C["primary"]),
            at=slide((160 + 320 * i, H - tall + 3), 4 + i * 2, by=(0, tall), length=34),
        )
    rising_text(scene, "Kicker", "استودیوی فیلم و حرکت", 54, C["text"], (CX, 360), 10, width=1500, weight="SemiBold")
    rising_text(scene, "Name", "رنگ و روایت", 210, C["text"], (CX, 620), 14, width=1760, weight="Black", length=30)
    growing_bar(scene, "Bar", C["accent"], (CX, 740), (240, 8), 26, radius=4)
    rising_text(
        scene, "Subtitle", "داستان شما را به تصویر می‌کشیم", 62, C["text"], (CX, 870), 30, width=1640, weight="Medium"
    )
    columns(scene, C["primary"], C["accent"], opens=True, closes=True)


def _icon(scene: Scene, kind: int, root: Layer, start: float) -> None:
    """A line drawing in a disc."""
    scene.shape("Icon disc", ellipse(150), fill(C["primary"]), parent=root, at=(0, -168), scale=pop(start))
    pen = stroke("#ffffff", 7)
    pictures = (
        [group(line((-16, -26), (28, 0), (-16, 26), (-16, -26)), draw_on(start + 8), pen)],
        [
            group(arc(34, -210, 30), draw_on(start + 8), pen),
            group(line((0, 0), (20, -18)), draw_on(start + 14, 12), pen),
            group(line((-26, 26), (26, 26)), draw_on(start + 16, 12), pen),
        ],
        [
            group(ellipse(26, at=(0, -18)), draw_on(start + 8), pen),
            group(arc(32, 180, 360, at=(0, 36)), draw_on(start + 14, 16), pen),
        ],
    )
    scene.shape("Icon", *pictures[kind], parent=root, at=(0, -168))


def values(scene: Scene) -> None:
    backdrop(scene, (CX, 160), size=1800)
    rising_text(scene, "Heading", "آنچه به آن می‌بالیم", 84, C["text"], (CX, 210), 8, width=1640, weight="ExtraBold")
    growing_bar(scene, "Bar", C["accent"], (CX, 276), (160, 8), 16, radius=4)
    words = (
        ("One", "خلاقیت", "ایده‌هایی که\nدیده می‌شوند"),
        ("Two", "سرعت", "از طرح تا پخش\nدر چند روز"),
        ("Three", "همراهی", "تیمی که\nکنار شماست"),
    )
    # Reading starts at the right in Persian: the first card stands there, and comes first.
    for i, (key, title, caption) in enumerate(words):
        x, start = CX + (1 - i) * 560, 14 + i * 5
        root = scene.null(f"Card {key}", at=slide((x, 640), start, by=(0, 620), length=30))
        scene.shape("Card", rect(500, 560, radius=36), fill(C["surface"]), parent=root)
        scene.shape("Card edge", rect(120, 8, radius=4, at=(0, -276)), fill(C["accent"]), parent=root)
        _icon(scene, i, root, start + 10)
        scene.text(
            f"Title {key}", title, 64, C["text"], weight="Bold", at=(0, 22), parent=root, opacity=fade(start + 12)
        )
        scene.text(
            f"Caption {key}",
            caption,
            40,
            C["text"],
            weight="Regular",
            box=(430, 200),
            leading=1.5,
            parent=root,
            at=(0, 158),
            opacity=fade(start + 16),
        )
    columns(scene, C["primary"], C["accent"], opens=True, closes=True)


def ending(scene: Scene) -> None:
    at = (CX, 330)
    backdrop(scene, (CX, 330))
    orbit(scene, 210, 4, 40, sweep=(0, 76), width=4, colour="accent", opacity=100, speed=2, at=at)
    orbit(scene, 262, 8, 48, sweep=(0, 60), width=3, colour="text", opacity=28, speed=-1.2, at=at)
    satellite(scene, 262, 22, "accent", 14, turn_from=20, turn_to=150, at=at)
    logo(scene, at, 300, 8)
    rising_text(scene, "Invitation", "با ما همراه شوید", 120, C["text"], (CX, 745), 16, width=1640, weight="ExtraBold")
    root = scene.null("Button place", at=(CX, 905), scale=pop(28, ease=OUT))
    scene.shape(
        "Button", rect(keys((28, (140, 120)), (48, (780, 120)), ease=IN_OUT), radius=60), fill(C["text"]), parent=root
    )
    scene.text(
        "Address", "rangorevayat.ir", 54, C["background"], weight="Bold", at=(0, 18), parent=root, opacity=fade(40)
    )
    ring = Keys([(60, (780, 120), OUT), (90, (860, 190), OUT)])
    scene.shape(
        "Button pulse",
        rect(ring, radius=keys((60, 60), (90, 95))),
        stroke(C["accent"], 4),
        at=(CX, 905),
        opacity=keys((60, 80, SINE), (90, 0)),
        span=(60, 91),
    )
    columns(scene, C["primary"], C["accent"], opens=True, closes=False)


def _value_fields(key: str, n: Both, title: Both, caption: Both) -> list[dict[str, object]]:
    return [
        text_field(
            f"title_{key.lower()}",
            (f"عنوان {n[0]}", f"Title {n[1]}"),
            title,
            f"Title {key}",
            max_width=430,
            max_length=24,
        ),
        text_field(
            f"caption_{key.lower()}",
            (f"توضیح {n[0]}", f"Caption {n[1]}"),
            caption,
            f"Caption {key}",
            kind="textarea",
            max_length=60,
            max_lines=3,
        ),
    ]


PACKAGE = Package(
    key="opener",
    title=("افتتاحیهٔ کانال و شرکت", "Channel and company opener"),
    description=(
        "نشان، نام و ارزش‌های شما با حرکت‌هایی آرام و هندسی؛ برای آغاز ویدئوها و معرفی شرکت.",
        "Your mark, name and values in calm geometric movement, to begin videos or introduce a company.",
    ),
    category="opener",
    tags=["opener", "logo", "channel", "corporate"],
    sizes=[("16x9", W, H)],
    slots=[
        ("background", ("پس‌زمینه", "Background")),
        ("surface", ("کارت‌ها", "Cards")),
        ("primary", ("رنگ اصلی", "Primary")),
        ("accent", ("رنگ تأکید", "Accent")),
        ("text", ("نوشته", "Text")),
    ],
    presets=[
        ("night", ("شب", "Night"), NIGHT),
        ("ember", ("اخگر", "Ember"), EMBER),
        ("forest", ("جنگل", "Forest"), FOREST),
        ("paper", ("کاغذ", "Paper"), PAPER),
    ],
    music=[("rise", ("طلوع", "Rise"))],
    pictures=["logo.png"],
    fields=[
        field("font", "font", ("قلم", "Font"), "Vazirmatn", [bind("*", "font")]),
        image_field("logo", ("نشان", "Logo"), "logo.png", "Logo", fit="contain"),
    ],
    scenes=[
        SceneSpec(
            "opening",
            ("آغاز با نشان", "Logo opening"),
            "intro",
            90,
            58,
            opening,
            [
                text_field(
                    "tagline",
                    ("شعار", "Tagline"),
                    ("هر روز، یک ایدهٔ تازه", "A fresh idea every day"),
                    "Tagline",
                    max_width=1480,
                    max_length=60,
                )
            ],
        ),
        SceneSpec(
            "name",
            ("نام", "Name"),
            "normal",
            105,
            66,
            name,
            [
                text_field(
                    "kicker",
                    ("بالانویس", "Kicker"),
                    ("استودیوی فیلم و حرکت", "Film and motion studio"),
                    "Kicker",
                    max_width=1480,
                    max_length=60,
                ),
                text_field(
                    "name",
                    ("نام", "Name"),
                    ("رنگ و روایت", "Hue & Story"),
                    "Name",
                    max_width=1720,
                    max_length=40,
                    required=True,
                ),
                text_field(
                    "subtitle",
                    ("زیرنویس", "Subtitle"),
                    ("داستان شما را به تصویر می‌کشیم", "We put your story into pictures"),
                    "Subtitle",
                    max_width=1600,
                    max_length=80,
                ),
            ],
            is_required=True,
        ),
        SceneSpec(
            "values",
            ("ارزش‌ها", "Values"),
            "normal",
            120,
            76,
            values,
            [
                text_field(
                    "heading",
                    ("تیتر", "Heading"),
                    ("آنچه به آن می‌بالیم", "What we stand for"),
                    "Heading",
                    max_width=1600,
                    max_length=50,
                ),
                *_value_fields(
                    "One",
                    ("نخست", "one"),
                    ("خلاقیت", "Creativity"),
                    ("ایده‌هایی که\nدیده می‌شوند", "Ideas that\nget noticed"),
                ),
                *_value_fields(
                    "Two",
                    ("دوم", "two"),
                    ("سرعت", "Speed"),
                    ("از طرح تا پخش\nدر چند روز", "From sketch to air\nwithin days"),
                ),
                *_value_fields(
                    "Three",
                    ("سوم", "three"),
                    ("همراهی", "Care"),
                    ("تیمی که\nکنار شماست", "A team that\nstays with you"),
                ),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "ending",
            ("پایان", "Ending"),
            "outro",
            110,
            84,
            ending,
            [
                text_field(
                    "invitation",
                    ("دعوت", "Invitation"),
                    ("با ما همراه شوید", "Come along with us"),
                    "Invitation",
                    max_width=1600,
                    max_length=40,
                ),
                text_field(
                    "address",
                    ("نشانی", "Address"),
                    ("rangorevayat.ir", "hueandstory.com"),
                    "Address",
                    max_width=680,
                    max_length=40,
                ),
                field(
                    "pulse",
                    "checkbox",
                    ("موج دور دکمه", "Pulse around the button"),
                    True,
                    [bind("Button pulse", "visible")],
                ),
            ],
        ),
    ],
)
