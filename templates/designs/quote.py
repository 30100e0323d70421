"""Quote: a saying and who said it, in three shapes of frame. One quiet ground runs through all scenes, so that cuts are unseen."""

from typing import Any, NamedTuple

from kit.keys import IN, IN_OUT, OUT, SINE, Keys, Number, keys
from kit.motion import pop
from kit.package import Package, SceneSpec, bind, choice, field, image_field, text_field
from kit.scene import Layer, Scene, slots
from kit.shapes import ellipse, fill, gradient, group, path, rect, round_path, stroke, trim

DUSK = {"background": "#1d1b34", "shade": "#33284f", "accent": "#f2b98f", "text": "#fbf5ee", "muted": "#c9bfd6"}
LINEN = {"background": "#f6f0e6", "shade": "#ecdfcc", "accent": "#a5482f", "text": "#2a2320", "muted": "#655a50"}
SAGE = {"background": "#e6ece4", "shade": "#cfdccf", "accent": "#2e6450", "text": "#1c2b25", "muted": "#475a51"}
SEA = {"background": "#0c2a38", "shade": "#12465a", "accent": "#f5d08a", "text": "#f2f8f8", "muted": "#b4cdd4"}
C = slots({**DUSK, "seal_mark": DUSK["background"]})
GROUND = ("Background", "Drop")
LEAVE = 24
AWAY = 12


class Plan(NamedTuple):
    """Where things stand in a frame of one shape."""

    width: int
    height: int
    unit: float
    """Size of type against 16:9."""
    margin: float

    @property
    def middle(self) -> float:
        return self.width / 2

    @property
    def line(self) -> float:
        """Width of a line of text."""
        return self.width - 2 * self.margin


def plan(scene: Scene) -> Plan:
    """The plan for the scene's frame: wide, tall or square."""
    if scene.width > scene.height:
        return Plan(scene.width, scene.height, 1.0, 210)
    if scene.width < scene.height:
        return Plan(scene.width, scene.height, 0.98, 100)
    return Plan(scene.width, scene.height, 0.84, 105)


def ground(scene: Scene) -> None:
    """The ground of all scenes: it moves, and at a scene's end stands where it stood at its beginning."""
    w, h, n = scene.width, scene.height, scene.frames
    scene.shape(
        "Background",
        rect(w, h, at=(w / 2, h / 2)),
        gradient([(0, C["background"], 1), (1, C["shade"], 1)], (w * 0.2, 0), (w * 0.8, h)),
    )
    big = max(w, h)
    places = (
        ((0.08, 0.16), 0.62, (0.05, 0.06), C["shade"], 60),
        ((0.94, 0.9), 0.5, (-0.06, -0.04), C["accent"], 9),
        ((0.9, 0.08), 0.2, (-0.02, 0.05), C["accent"], 14),
    )
    for (x, y), size, (dx, dy), colour, opacity in places:
        here, there = (w * x, h * y), (w * (x + dx), h * (y + dy))
        scene.shape(
            "Drop", ellipse(big * size), fill(colour, opacity), at=keys((0, here), (n / 2, there), (n, here), ease=SINE)
        )
    inset = 44
    emblem = (w / 2, h - inset)
    scene.shape("Frame", rect(w - 2 * inset, h - 2 * inset, radius=28, at=(w / 2, h / 2)), stroke(C["text"], 2, 22))
    corner = [(inset, inset + 150), (inset, inset + 28), (inset + 28, inset), (inset + 150, inset)]
    tangent = ([(0, 0), (0, 0), (-15.5, 0), (0, 0)], [(0, 0), (0, -15.5), (0, 0), (0, 0)])
    corners = [
        group(path(corner, closed=False, into=tangent[0], out=tangent[1]), at=at, rotate=turn)
        for at, turn in (((0, 0), 0), ((w, h), 180))
    ]
    scene.shape("Corners", group(*corners, stroke(C["accent"], 5)))
    beads = [group(ellipse(size), fill(C["accent"]), at=(x, 0)) for x, size in ((-34, 9), (0, 17), (34, 9))]
    scene.shape("Beads", *beads, at=emblem)


def come_and_go(
    scene: Scene, at: tuple[Number, Number], start: Number, *, by: Number = 70, stay: bool = False
) -> tuple[Keys, Keys]:
    """Place and opacity of something that rises into place and goes on upward before the scene ends."""
    leave = scene.frames - LEAVE
    points = [(start, (at[0], at[1] + by), OUT), (start + 30, at, IN)]
    seen = [(start, 0, SINE), (start + 14, 100, SINE)]
    if not stay:
        points += [(leave, at, IN), (leave + AWAY, (at[0], at[1] - by), IN)]
        seen += [(leave, 100, SINE), (leave + AWAY, 0, SINE)]
    return Keys(points), Keys(seen)


def mark(
    scene: Scene,
    at: tuple[Number, Number],
    unit: Number,
    *,
    size: Number = 100,
    opens: bool = True,
    closes: bool = True,
) -> None:
    """A pair of quotation marks as they stand in Persian, drawn as two chevrons.

    It carries one scene into the next: at each cut it stands alone in the middle of the frame. `size` in percent at its place.
    """
    middle = (scene.width / 2, scene.height / 2)
    n, arrival = scene.frames, 20
    start = (0, middle, IN_OUT) if opens else (0, at, IN_OUT)
    places: list[Any] = [start, (arrival, at, IN_OUT)]
    sizes: list[Any] = [(0, (150, 150) if opens else (60, 60), IN_OUT), (arrival, (size, size), IN_OUT)]
    if closes:
        places += [(n - 18, at, IN_OUT), (n, middle, IN_OUT)]
        sizes += [(n - 18, (size, size), IN_OUT), (n, (150, 150), IN_OUT)]
    wing = [(48 * unit, -48 * unit), (0, 0), (48 * unit, 48 * unit)]
    chevrons = []
    for i in range(2):
        drawn = [] if opens else [trim(end=keys((2 + 5 * i, 0), (26 + 5 * i, 100), ease=IN_OUT))]
        chevrons.append(
            group(path(wing, closed=False), *drawn, stroke(C["accent"], 14 * unit), at=((48 * i - 48) * unit, 0))
        )
    scene.shape("Quotation mark", *chevrons, at=Keys(places), scale=Keys(sizes))


def rule(
    scene: Scene, name: str, at: tuple[Number, Number], width: Number, start: Number, *, stay: bool = False
) -> None:
    """A short line that grows out of its middle and shrinks into it."""
    leave = scene.frames - LEAVE
    points = [(start, (0, 6), IN_OUT), (start + 26, (width, 6), IN_OUT)]
    if not stay:
        points += [(leave, (width, 6), IN), (leave + AWAY, (0, 6), IN)]
    scene.shape(name, rect(Keys(points), radius=3), fill(C["accent"]), at=at)


def words(
    scene: Scene, name: str, text: str, size: Number, slot: str, at: tuple[Number, Number], start: Number, *,
    weight: str, box: tuple[Number, Number], stay: bool = False, leading: Number = 1.6,
) -> Layer:  # fmt: skip
    """Centred words in a box around `at` that come and go."""
    place, seen = come_and_go(scene, at, start, stay=stay)
    return scene.text(name, text, size, C[slot], weight=weight, box=box, leading=leading, at=place, opacity=seen)


def one_line(
    scene: Scene,
    p: Plan,
    name: str,
    text: str,
    size: Number,
    slot: str,
    y: Number,
    start: Number,
    *,
    weight: str,
    stay: bool = False,
) -> Layer:
    """One line in the middle of the frame, as wide as the plan lets a line be."""
    return words(
        scene,
        name,
        text,
        size,
        slot,
        (p.middle, y),
        start,
        weight=weight,
        box=(p.line, size * 1.5),
        stay=stay,
        leading=1.4,
    )


def opening(scene: Scene) -> None:
    p = plan(scene)
    ground(scene)
    y = p.height / 2
    rings = [
        group(
            ellipse(d * p.unit),
            trim(end=keys((-8, 12), (40 + 6 * i, 70 + 12 * i))),
            stroke(C["accent"], 3, 70 - 20 * i),
            rotate=keys((0, 120 * i), (scene.frames, 120 * i + 80), ease=(0.3, 0.3, 0.7, 0.7)),
        )
        for i, d in enumerate((250, 300, 350))
    ]
    place, seen = come_and_go(scene, (p.middle, y - 210 * p.unit), -10, by=0)
    scene.shape("Rings", *rings, at=place, opacity=seen)
    mark(scene, (p.middle, y - 210 * p.unit), p.unit, opens=False)
    one_line(scene, p, "Series", "سخن روز", 150 * p.unit, "text", y + 100 * p.unit, 10, weight="Black")
    rule(scene, "Rule", (p.middle, y + 225 * p.unit), 180 * p.unit, 16)
    one_line(scene, p, "Topic", "دربارهٔ آغاز کردن", 58 * p.unit, "muted", y + 310 * p.unit, 18, weight="Medium")


def saying(scene: Scene) -> None:
    p = plan(scene)
    ground(scene)
    u = p.unit
    shape = "tall" if p.height > p.width else "wide" if p.width > p.height else "square"
    head, top, bottom, foot = {
        "wide": (155, 225, 640, 762),
        "tall": (400, 500, 1250, 1440),
        "square": (165, 240, 650, 775),
    }[shape]
    mark(scene, (p.middle, head), u, size=80)
    wide = 1260 if shape == "wide" else p.line
    words(
        scene, "Quote", "راه از همان قدمی آغاز می‌شود که از آن می‌ترسی.", (87 if shape == "tall" else 100) * u, "text", (p.middle, (top + bottom) / 2), 11,
        weight="Bold", box=(wide, bottom - top), leading=1.6,
    )  # fmt: skip
    # Without a picture the words have its room, and larger letters.
    wall, floor = {"wide": (210, 800), "tall": (480, 1500), "square": (225, 800)}[shape]
    words(
        scene, "Quote large", "راه از همان قدمی آغاز می‌شود که از آن می‌ترسی.", (100 if shape == "tall" else 112) * u, "text", (p.middle, (wall + floor) / 2), 11,
        weight="Black", box=(wide + (180 if shape == "wide" else 0), floor - wall), leading=1.5,
    )  # fmt: skip
    rule(scene, "Rule", (p.middle, foot + (96 if shape == "tall" else 64) * u), 180 * u, 18)
    author(scene, p, foot)


def author(scene: Scene, p: Plan, y: Number) -> None:
    """Picture, name and note in the middle below: one under another."""
    tall = p.height > p.width
    u = p.unit
    size = (220 if tall else 146) * u
    x = p.middle
    root_at, _ = come_and_go(scene, (x, y), 20)
    root = scene.null("Author place", at=root_at)
    leave = scene.frames - LEAVE
    shrink = Keys([(20, (0, 0), OUT), (46, (100, 100), IN), (leave, (100, 100), IN), (leave + AWAY, (0, 0), IN)])
    scale = scene.null("Author size", parent=root, scale=shrink)
    scene.shape(
        "Portrait ring", ellipse(size + 22), trim(end=keys((24, 0), (60, 100))), stroke(C["accent"], 4), parent=scale
    )
    used = scene.picture("author", "author.jpg", (300, 300))
    picture = scene.image("Portrait", used, (300, 300), parent=scale, scale=(size / 3,) * 2)
    scene.cut(picture, round_path(300, 300, 150, at=(150, 150)))
    one_line(scene, p, "Author", "نیما رستگار", 58 * u, "text", y + (185 if tall else 132) * u, 24, weight="Bold")
    one_line(
        scene, p, "Note", "نویسنده و کوه‌نورد", 40 * u, "muted", y + (266 if tall else 200) * u, 28, weight="Regular"
    )


def closing(scene: Scene) -> None:
    p = plan(scene)
    ground(scene)
    u, y = p.unit, p.height / 2
    size = 230 * u
    seat = (p.middle, y - 220 * u)
    mark(scene, seat, u, size=90, closes=False)
    scene.shape("Seal", ellipse(size), fill(C["accent"]), at=seat, scale=pop(14))
    wing = [(44 * u, -44 * u), (0, 0), (44 * u, 44 * u)]
    chevrons = [
        group(
            path(wing, closed=False),
            trim(end=keys((22 + 4 * i, 0), (42 + 4 * i, 100), ease=IN_OUT)),
            stroke(C["seal_mark"], 14 * u),
            at=((-44 + 44 * i) * u, 0),
        )
        for i in range(2)
    ]
    scene.shape("Seal mark", *chevrons, at=seat)
    large = (110 if p.width > p.height else 84 if p.width == p.height else 76) * u
    words(
        scene,
        "Invitation",
        "سخن فردا را از دست ندهید",
        large,
        "text",
        (p.middle, y + 90 * u),
        12,
        weight="Black",
        stay=True,
        box=(p.line, 300 * u),
        leading=1.4,
    )
    rule(scene, "Rule", (p.middle, y + 250 * u), 180 * u, 18, stay=True)
    one_line(scene, p, "Handle", "@sokhan_rooz", 60 * u, "muted", y + 335 * u, 22, weight="SemiBold", stay=True)


PACKAGE = Package(
    key="quote",
    title=("نقل قول", "Quote"),
    description=(
        "سخنی ماندگار با نام و تصویر گوینده؛ افقی، عمودی و مربع.",
        "A saying with its author's name and picture; wide, tall and square.",
    ),
    category="social",
    tags=["quote", "poem", "social", "story"],
    sizes=[("16x9", 1920, 1080), ("9x16", 1080, 1920), ("1x1", 1080, 1080)],
    slots=[
        ("background", ("پس‌زمینه", "Background")),
        ("shade", ("سایهٔ پس‌زمینه", "Background shade")),
        ("accent", ("رنگ تأکید", "Accent")),
        ("text", ("نوشته", "Text")),
        ("muted", ("نوشتهٔ کم‌رنگ", "Quiet text")),
        ("seal_mark", ("نقش مهر", "Mark on the seal"), {"from": "accent", "contrast": ["background", "text"]}),
    ],
    presets=[
        ("dusk", ("شامگاه", "Dusk"), DUSK),
        ("linen", ("کتان", "Linen"), LINEN),
        ("sage", ("مریم‌گلی", "Sage"), SAGE),
        ("sea", ("دریا", "Sea"), SEA),
    ],
    music=[("calm", ("آرام", "Calm"))],
    pictures=["author.jpg"],
    fields=[field("font", "font", ("قلم", "Font"), "Vazirmatn", [bind("*", "font")])],
    scenes=[
        SceneSpec(
            "opening",
            ("آغاز", "Opening"),
            "intro",
            90,
            54,
            opening,
            [
                text_field(
                    "series", ("نام مجموعه", "Series"), ("سخن روز", "Quote of the day"), "Series", max_length=40
                ),
                text_field("topic", ("موضوع", "Topic"), ("دربارهٔ آغاز کردن", "On beginning"), "Topic", max_length=60),
            ],
            ground=GROUND,
        ),
        SceneSpec(
            "saying",
            ("سخن", "Saying"),
            "normal",
            165,
            96,
            saying,
            [
                field(
                    "layout",
                    "dropdown",
                    ("چیدمان", "Layout"),
                    "portrait",
                    [
                        {
                            "property": "switch",
                            "values": {
                                "portrait": ["Quote", "Portrait", "Portrait ring"],
                                "words": ["Quote large", "Rule"],
                            },
                        }
                    ],
                    options=[
                        choice("portrait", ("با تصویر گوینده", "With the author's picture")),
                        choice("words", ("فقط نوشته", "Words alone")),
                    ],
                ),
                field(
                    "quote",
                    "textarea",
                    ("سخن", "Quotation"),
                    (
                        "راه از همان قدمی آغاز می‌شود که از آن می‌ترسی.",
                        "The road begins with the very step you are afraid of.",
                    ),
                    [bind(layer, "text", valign="middle") for layer in ("Quote", "Quote large")],
                    required=True,
                    max_length=320,
                    max_lines=7,
                ),
                text_field("author", ("گوینده", "Author"), ("نیما رستگار", "Nima Rastegar"), "Author", max_length=60),
                text_field(
                    "note",
                    ("دربارهٔ گوینده", "About the author"),
                    ("نویسنده و کوه‌نورد", "Writer and climber"),
                    "Note",
                    max_length=80,
                ),
                {
                    **image_field("portrait", ("تصویر گوینده", "Author's picture"), "author.jpg", "Portrait"),
                    "visible_when": [{"field": "layout", "is": "portrait"}],
                },
                field(
                    "show_portrait",
                    "checkbox",
                    ("تصویر را نشان بده", "Show the picture"),
                    True,
                    [bind("Portrait", "visible", layers=["Portrait ring"])],
                    when=[{"field": "layout", "is": "portrait"}],
                ),
            ],
            can_repeat=True,
            is_required=True,
            duration={
                "mode": "follow_text",
                "fields": ["quote"],
                "base_seconds": 2.0,
                "seconds_per_word": 0.35,
                "min_frames": 120,
                "max_frames": 900,
                "region": {"from": 90, "to": 130, "fill": "hold"},
                "keep_playing": list(GROUND),
            },
            ground=GROUND,
        ),
        SceneSpec(
            "closing",
            ("پایان", "Closing"),
            "outro",
            90,
            60,
            closing,
            [
                text_field(
                    "invitation",
                    ("دعوت", "Invitation"),
                    ("سخن فردا را از دست ندهید", "See you tomorrow"),
                    "Invitation",
                    kind="textarea",
                    max_length=80,
                    max_lines=3,
                ),
                text_field(
                    "handle", ("نشانی کانال", "Handle"), ("@sokhan_rooz", "@daily_quote"), "Handle", max_length=40
                ),
            ],
            ground=GROUND,
        ),
    ],
)
