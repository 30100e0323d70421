"""Quote: a saying and who said it, in three shapes of frame. One quiet ground runs through all scenes, so that cuts are unseen."""

from typing import NamedTuple

from kit.keys import IN, IN_OUT, OUT, SINE, Keys, Number, keys
from kit.motion import pop
from kit.package import Package, SceneSpec, bind, field, image_field, text_field
from kit.scene import Layer, Scene, slots
from kit.shapes import ellipse, fill, gradient, group, path, rect, stroke, trim

DUSK = {"background": "#1d1b34", "shade": "#33284f", "accent": "#f2b98f", "text": "#fbf5ee", "muted": "#c9bfd6"}
LINEN = {"background": "#f6f0e6", "shade": "#ecdfcc", "accent": "#a5482f", "text": "#2a2320", "muted": "#655a50"}
SAGE = {"background": "#e6ece4", "shade": "#cfdccf", "accent": "#2e6450", "text": "#1c2b25", "muted": "#475a51"}
SEA = {"background": "#0c2a38", "shade": "#12465a", "accent": "#f5d08a", "text": "#f2f8f8", "muted": "#b4cdd4"}
C = slots(DUSK)
WHITE = "#ffffff"
LEAVE = 14


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
    scene.shape("Background", rect(w, h, at=(w / 2, h / 2)), gradient([(0, C["background"], 1), (1, C["shade"], 1)], (w * 0.2, 0), (w * 0.8, h)))
    big = max(w, h)
    places = (((0.08, 0.16), 0.62, (0.05, 0.06), C["shade"], 60), ((0.94, 0.9), 0.5, (-0.06, -0.04), C["accent"], 9), ((0.9, 0.08), 0.2, (-0.02, 0.05), C["accent"], 14))
    for (x, y), size, (dx, dy), colour, opacity in places:
        here, there = (w * x, h * y), (w * (x + dx), h * (y + dy))
        scene.shape("Drop", ellipse(big * size), fill(colour, opacity), at=keys((0, here), (n / 2, there), (n, here), ease=SINE))
    inset = 44
    emblem = (w / 2, h - inset)
    scene.shape("Frame", rect(w - 2 * inset, h - 2 * inset, radius=28, at=(w / 2, h / 2)), stroke(C["text"], 2, 22))
    corner = [(inset, inset + 150), (inset, inset + 28), (inset + 28, inset), (inset + 150, inset)]
    tangent = ([(0, 0), (0, 0), (-15.5, 0), (0, 0)], [(0, 0), (0, -15.5), (0, 0), (0, 0)])
    corners = [group(path(corner, closed=False, into=tangent[0], out=tangent[1]), at=at, rotate=turn) for at, turn in (((0, 0), 0), ((w, h), 180))]
    scene.shape("Corners", group(*corners, stroke(C["accent"], 5)))
    beads = [group(ellipse(size), fill(C["accent"]), at=(x, 0)) for x, size in ((-34, 9), (0, 17), (34, 9))]
    scene.shape("Beads", *beads, at=emblem)


def come_and_go(scene: Scene, at: tuple[Number, Number], start: Number, *, by: Number = 70, stay: bool = False) -> tuple[Keys, Keys]:
    """Place and opacity of something that rises into place and goes on upward before the scene ends."""
    leave = scene.frames - LEAVE
    points = [(start, (at[0], at[1] + by), OUT), (start + 30, at, IN)]
    seen = [(start, 0, SINE), (start + 14, 100, SINE)]
    if not stay:
        points += [(leave, at, IN), (scene.frames, (at[0], at[1] - by), IN)]
        seen += [(leave, 100, SINE), (scene.frames - 1, 0, SINE)]
    return Keys(points), Keys(seen)


def mark(scene: Scene, at: tuple[Number, Number], size: Number, start: Number) -> None:
    """A pair of quotation marks as they stand in Persian, drawn as two chevrons."""
    wing = [(size * 0.5, -size * 0.5), (0, 0), (size * 0.5, size * 0.5)]
    place, seen = come_and_go(scene, at, start, by=0)
    chevrons = [
        group(path(wing, closed=False), trim(end=keys((start + 4 * i, 0), (start + 26 + 4 * i, 100), ease=IN_OUT)), stroke(C["accent"], size * 0.15), at=(size * (0.5 * i - 0.5), 0))
        for i in range(2)
    ]
    scene.shape("Quotation mark", *chevrons, at=place, opacity=seen, scale=keys((start, (70, 70)), (start + 30, (100, 100))))


def rule(scene: Scene, name: str, at: tuple[Number, Number], width: Number, start: Number, *, stay: bool = False) -> None:
    """A short line that grows out of its middle and shrinks into it."""
    leave = scene.frames - LEAVE
    points = [(start, (0, 6), IN_OUT), (start + 26, (width, 6), IN_OUT)]
    if not stay:
        points += [(leave, (width, 6), IN), (scene.frames - 1, (0, 6), IN)]
    scene.shape(name, rect(Keys(points), radius=3), fill(C["accent"]), at=at)


def words(scene: Scene, name: str, text: str, size: Number, slot: str, at: tuple[Number, Number], start: Number, *, weight: str, stay: bool = False, box: tuple[Number, Number] | None = None, leading: Number = 1.6) -> Layer:
    """Centred words that come and go."""
    place, seen = come_and_go(scene, at, start, stay=stay)
    return scene.text(name, text, size, C[slot], weight=weight, box=box, leading=leading, at=place, opacity=seen)


def opening(scene: Scene) -> None:
    p = plan(scene)
    ground(scene)
    y = p.height / 2
    rings = [
        group(ellipse(d * p.unit), trim(end=keys((-8, 12), (40 + 6 * i, 70 + 12 * i))), stroke(C["accent"], 3, 70 - 20 * i), rotate=keys((0, 120 * i), (scene.frames, 120 * i + 80), ease=(0.3, 0.3, 0.7, 0.7)))
        for i, d in enumerate((250, 300, 350))
    ]
    place, seen = come_and_go(scene, (p.middle, y - 210 * p.unit), -10, by=30)
    scene.shape("Rings", *rings, at=place, opacity=seen)
    mark(scene, (p.middle, y - 210 * p.unit), 96 * p.unit, 2)
    words(scene, "Series", "سخن روز", 150 * p.unit, "text", (p.middle, y + 150 * p.unit), 10, weight="Black")
    rule(scene, "Rule", (p.middle, y + 225 * p.unit), 180 * p.unit, 16)
    words(scene, "Topic", "دربارهٔ آغاز کردن", 58 * p.unit, "muted", (p.middle, y + 325 * p.unit), 18, weight="Medium")


def saying(scene: Scene) -> None:
    p = plan(scene)
    ground(scene)
    u = p.unit
    shape = "tall" if p.height > p.width else "wide" if p.width > p.height else "square"
    head, top, bottom, foot = {"wide": (165, 240, 690, 775), "tall": (400, 510, 1290, 1440), "square": (170, 245, 690, 770)}[shape]
    mark(scene, (p.middle, head), 78 * u, 0)
    wide = 1260 if shape == "wide" else p.line
    words(
        scene, "Quote", "راه از همان قدمی آغاز می‌شود که از آن می‌ترسی.", 100 * u, "text", (p.middle, (top + bottom) / 2), 8,
        weight="Bold", box=(wide, bottom - top), leading=1.6,
    )  # fmt: skip
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
    shrink = Keys([(20, (0, 0), OUT), (46, (100, 100), IN), (leave, (100, 100), IN), (scene.frames - 1, (0, 0), IN)])
    scale = scene.null("Author size", parent=root, scale=shrink)
    scene.shape("Portrait ring", ellipse(size + 22), trim(end=keys((24, 0), (60, 100))), stroke(C["accent"], 4), parent=scale)
    used = scene.picture("author", "author.jpg", (300, 300))
    picture = scene.image("Portrait", used, (300, 300), parent=scale, scale=(size / 3,) * 2)
    scene.matte(picture, ellipse(size), fill(WHITE), parent=scale)
    words(scene, "Author", "مهتاب رستگار", 58 * u, "text", (x, y + (205 if tall else 152) * u), 24, weight="Bold")
    words(scene, "Note", "نویسنده و کوه‌نورد", 40 * u, "muted", (x, y + (282 if tall else 214) * u), 28, weight="Regular")


def closing(scene: Scene) -> None:
    p = plan(scene)
    ground(scene)
    u, y = p.unit, p.height / 2
    size = 230 * u
    scene.shape("Seal", ellipse(size), fill(C["accent"]), at=(p.middle, y - 190 * u), scale=pop(2))
    wing = [(42 * u, -46 * u), (-4 * u, 0), (42 * u, 46 * u)]
    chevrons = [
        group(path(wing, closed=False), trim(end=keys((14 + 4 * i, 0), (34 + 4 * i, 100), ease=IN_OUT)), stroke(C["background"], 15 * u), at=((-44 + 44 * i) * u, 0)) for i in range(2)
    ]
    scene.shape("Seal mark", *chevrons, at=(p.middle, y - 190 * u))
    words(scene, "Invitation", "سخن فردا را از دست ندهید", (110 if p.width > p.height else 84) * u, "text", (p.middle, y + 100 * u), 10, weight="Black", stay=True, box=(p.line, 320 * u), leading=1.45)
    rule(scene, "Rule", (p.middle, y + 270 * u), 180 * u, 18, stay=True)
    words(scene, "Handle", "@sokhan_rooz", 60 * u, "muted", (p.middle, y + 370 * u), 22, weight="SemiBold", stay=True)


PACKAGE = Package(
    key="quote",
    title=("نقل قول", "Quote"),
    description=("سخنی ماندگار با نام و تصویر گوینده؛ افقی، عمودی و مربع.", "A saying with its author's name and picture; wide, tall and square."),
    category="social",
    tags=["quote", "poem", "social", "story"],
    sizes=[("16x9", 1920, 1080), ("9x16", 1080, 1920), ("1x1", 1080, 1080)],
    slots=[
        ("background", ("پس‌زمینه", "Background")),
        ("shade", ("سایهٔ پس‌زمینه", "Background shade")),
        ("accent", ("رنگ تأکید", "Accent")),
        ("text", ("نوشته", "Text")),
        ("muted", ("نوشتهٔ کم‌رنگ", "Quiet text")),
    ],
    presets=[("dusk", ("شامگاه", "Dusk"), DUSK), ("linen", ("کتان", "Linen"), LINEN), ("sage", ("مریم‌گلی", "Sage"), SAGE), ("sea", ("دریا", "Sea"), SEA)],
    music=[("calm", ("آرام", "Calm"))],
    pictures=["author.jpg"],
    fields=[field("font", "font", ("قلم", "Font"), "Vazirmatn", [bind("*", "font")])],
    scenes=[
        SceneSpec(
            "opening", ("آغاز", "Opening"), "intro", 90, 54, opening,
            [
                text_field("series", ("نام مجموعه", "Series"), ("سخن روز", "Quote of the day"), "Series", max_width=860, max_length=40),
                text_field("topic", ("موضوع", "Topic"), ("دربارهٔ آغاز کردن", "On beginning"), "Topic", max_width=860, max_length=60),
            ],
        ),
        SceneSpec(
            "saying", ("سخن", "Saying"), "normal", 165, 96, saying,
            [
                text_field(
                    "quote", ("سخن", "Quotation"),
                    ("راه از همان قدمی آغاز می‌شود که از آن می‌ترسی.", "The road begins with the very step you are afraid of."),
                    "Quote", kind="textarea", required=True, max_length=320, max_lines=7,
                ),
                text_field("author", ("گوینده", "Author"), ("مهتاب رستگار", "Mahtab Rastegar"), "Author", max_width=860, max_length=60),
                text_field("note", ("دربارهٔ گوینده", "About the author"), ("نویسنده و کوه‌نورد", "Writer and climber"), "Note", max_width=860, max_length=80),
                image_field("portrait", ("تصویر گوینده", "Author's picture"), "author.jpg", "Portrait"),
                field("show_portrait", "checkbox", ("تصویر را نشان بده", "Show the picture"), True, [bind("Portrait", "visible"), bind("Portrait ring", "visible")]),
            ],
            can_repeat=True, is_required=True,
        ),
        SceneSpec(
            "closing", ("پایان", "Closing"), "outro", 90, 60, closing,
            [
                text_field("invitation", ("دعوت", "Invitation"), ("سخن فردا را از دست ندهید", "Come back for tomorrow's words"), "Invitation", kind="textarea", max_length=80, max_lines=3),
                text_field("handle", ("نشانی کانال", "Handle"), ("@sokhan_rooz", "@daily_quote"), "Handle", max_width=860, max_length=40),
            ],
        ),
    ],
)
