"""The sets of the default pictures."""

from kit.stilllife import Material, Solid, Studio, box, capsule, cylinder, melted, sphere, torus, turned, without

CREAM = Material("#efe8dd", 0.45)
INK = Material("#23252d", 0.55)
GRAPHITE = Material("#3a3d47", 0.35)
COPPER = Material("#c77f52", 0.9)
STONE = Material("#d3c6b8", 0.05)
CLAY = Material("#c9785a", 0.12)
LEATHER = Material("#33313a", 0.12)
MIST = Material("#b9c3c9", 0.15)
Part = tuple[Solid, Material]


def headphones(lift: float, angle: float) -> list[Part]:
    """Headphones around (0, lift, 0), turned by `angle` degrees."""
    parts: list[Part] = [
        (torus((0, lift, 0), 0.92, 0.075, "z", upper=True), INK),
        (torus((0, lift + 0.02, 0), 0.83, 0.085, "z", upper=True), LEATHER),
    ]
    for side in (-1, 1):
        parts += [
            (capsule((side * 0.93, lift + 0.05, 0), (side * 0.95, lift - 0.3, 0), 0.05), COPPER),
            (cylinder((side * 0.97, lift - 0.48, 0), 0.46, 0.15, 0.1, "x"), INK),
            (cylinder((side * 1.125, lift - 0.48, 0), 0.3, 0.02, 0.015, "x"), COPPER),
            (cylinder((side * 1.14, lift - 0.48, 0), 0.26, 0.02, 0.015, "x"), INK),
            (torus((side * 0.8, lift - 0.48, 0), 0.31, 0.15, "x"), LEATHER),
        ]
    return [(turned(solid, angle), material) for solid, material in parts]


def hero() -> Studio:
    """Headphones standing on a round podium before an arch."""
    arch = without(
        melted(box((0, 0.91, -1.5), (1.5, 0.91, 0.22), 0.02), cylinder((0, 1.8, -1.5), 1.5, 0.22, 0.02, "z"), 0.01),
        melted(box((0, 0.9, -1.5), (1.12, 0.95, 0.6), 0.01), cylinder((0, 1.8, -1.5), 1.12, 0.6, 0.01, "z"), 0.01),
    )
    return Studio(
        [
            (cylinder((0, 0.14, 0), 1.45, 0.14, 0.03), STONE),
            (cylinder((0, 0.36, 0), 1.12, 0.1, 0.03), CREAM),
            (arch, MIST),
            (sphere((1.55, 0.24, 0.75), 0.24), COPPER),
            (sphere((-1.62, 0.16, 0.8), 0.16), CREAM),
            *headphones(1.42, 28),
        ],
        eye=(0, 1.75, 8.4),
        look=(0, 1.32, 0),
        zoom=3.6,
    )


def speaker() -> Studio:
    """A round loudspeaker with a ring of light, and a small one beside it."""
    bands = [(torus((-0.25, 0.62 + 0.16 * i, 0), 0.735, 0.022), INK) for i in range(7)]
    return Studio(
        [
            (cylinder((-0.25, 1.13, 0), 0.74, 0.95, 0.12), GRAPHITE),
            *bands,
            (torus((-0.25, 2.08, 0), 0.56, 0.035), Material("#f08a4b", 0.3, 0.3)),
            (cylinder((-0.25, 2.08, 0), 0.47, 0.03, 0.02), INK),
            (cylinder((-0.25, 0.09, 0), 1.3, 0.09, 0.03), STONE),
            (sphere((1.35, 0.5, 0.55), 0.5), CREAM),
            (cylinder((1.35, 0.94, 0.6), 0.19, 0.05, 0.03), COPPER),
            (box((1.5, 0.9, -1.3), (0.5, 0.9, 0.3), 0.04), MIST),
        ],
        ground="#e6dcd0",
        eye=(0.3, 3.4, 7.8),
        look=(0.25, 1.08, 0),
        zoom=3.5,
    )


def earbuds() -> Studio:
    """An open case and two earbuds."""
    case = without(box((0, 0.42, 0), (0.85, 0.42, 0.55), 0.3), box((0, 0.9, 0), (0.7, 0.25, 0.4), 0.2))
    lid = turned(
        without(box((0, 1.06, -0.5), (0.85, 0.3, 0.5), 0.26), box((0, 0.86, -0.5), (0.74, 0.3, 0.4), 0.2)),
        -62,
        "x",
        (0, 0.85, -0.5),
    )
    parts: list[Part] = [
        (turned(case, 20), CREAM),
        (turned(lid, 20), CREAM),
        (turned(box((0, 0.62, 0.545), (0.12, 0.03, 0.02), 0.02), 20), COPPER),
    ]
    for x, z, tilt in ((-1.25, 0.75, 24), (1.2, 0.85, -30)):
        bud = melted(sphere((x, 0.62, z), 0.25), capsule((x, 0.55, z + 0.03), (x, 0.12, z + 0.1), 0.1), 0.12)
        parts += [
            (turned(bud, tilt, "z", (x, 0.1, z)), CREAM),
            (turned(sphere((x + (0.2 if x < 0 else -0.2), 0.66, z + 0.1), 0.14), tilt, "z", (x, 0.1, z)), INK),
        ]
    return Studio(
        [*parts, (cylinder((0, -0.02, 0.2), 2.0, 0.06, 0.03), STONE), (torus((0, 1.5, -1.7), 1.15, 0.16, "z"), CLAY)],
        ground="#e4ddd6",
        eye=(0, 2.1, 8),
        look=(0, 0.78, 0),
        zoom=3.5,
    )


def detail() -> Studio:
    """A close look at the ear cushion."""
    return Studio(
        headphones(1.42, 58),
        ground="#dcd4ca",
        eye=(-0.4, 1.7, 6),
        look=(0.02, 1.12, 0.1),
        zoom=4.6,
        light=(-0.3, 0.9, 0.75),
    )


def finishes() -> Studio:
    """One case in three finishes, standing like pebbles."""
    parts: list[Part] = []
    for x, z, angle, material in ((-0.95, -0.35, 24, CREAM), (0.15, -0.05, -10, CLAY), (1.1, 0.45, -30, INK)):
        about = (x, 0.0, z)
        upper, lower = box((x, 1.04, z), (0.52, 0.3, 0.3), 0.28), box((x, 0.45, z), (0.52, 0.45, 0.3), 0.28)
        whole = melted(upper, lower, 0.3)
        slit = box((x, 0.98, z), (0.7, 0.014, 0.5), 0.005)
        parts += [
            (turned(without(whole, slit), angle, "y", about), material),
            (turned(box((x, 0.88, z + 0.3), (0.1, 0.03, 0.02), 0.02), angle, "y", about), COPPER),
        ]
    return Studio(
        [*parts, (cylinder((0.1, -0.02, 0.1), 2.1, 0.06, 0.03), STONE), (sphere((-1.55, 0.2, 0.9), 0.2), COPPER)],
        ground="#e9e1d8",
        eye=(0.1, 2.0, 8.2),
        look=(0.1, 0.66, 0),
        zoom=4.2,
    )


def bust() -> Studio:
    """A clay figure, for the picture of a person."""
    body = melted(capsule((-0.62, 0.1, 0), (0.62, 0.1, 0), 0.62), capsule((0, 0.5, 0), (0, 1.1, 0), 0.24), 0.3)
    hair = without(sphere((0, 1.66, -0.06), 0.6), box((0, 1.25, 0.5), (0.9, 0.42, 0.75), 0.2))
    return Studio(
        [
            (body, Material("#6d7f86", 0.1)),
            (sphere((0, 1.56, 0), 0.53), Material("#d9a583", 0.12)),
            (hair, Material("#3a2f2c", 0.3)),
            (torus((0, 0.82, 0.03), 0.27, 0.09), CREAM),
        ],
        ground="#dcc9b4",
        eye=(0, 1.6, 8),
        look=(0, 1.42, 0),
        zoom=6.5,
    )


def gifts() -> Studio:
    """Wrapped boxes and a bag."""

    def gift(
        x: float,
        z: float,
        half: tuple[float, float, float],
        angle: float,
        paper: Material,
        ribbon: Material,
        base: float = 0,
    ) -> list[Part]:
        y = base + half[1]
        top = base + 2 * half[1]
        solids: list[Part] = [
            (box((x, y, z), half, 0.03), paper),
            (box((x, top - 0.06, z), (half[0] + 0.03, 0.1, half[2] + 0.03), 0.03), paper),
            (box((x, y + 0.012, z), (half[0] * 0.16, half[1] + 0.04, half[2] + 0.045), 0.02), ribbon),
            (box((x, y + 0.012, z), (half[0] + 0.045, half[1] + 0.04, half[2] * 0.16), 0.02), ribbon),
        ]
        for side in (-1, 1):
            loop = torus((x + side * 0.2, top + 0.16, z), 0.17, 0.055, "z")
            solids.append((turned(loop, side * -28, "z", (x, top + 0.05, z)), ribbon))
        solids.append((sphere((x, top + 0.09, z), 0.1), ribbon))
        return [(turned(s, angle, "y", (x, 0, z)), m) for s, m in solids]

    bag = without(box((1.2, 0.85, -0.55), (0.58, 0.85, 0.3), 0.04), box((1.2, 1.5, -0.55), (0.54, 0.6, 0.26), 0.02))
    handles: list[Part] = [
        (turned(torus((1.2, 1.72, -0.55 + d), 0.24, 0.03, "z", upper=True), -18, "y", (1.2, 0, -0.55)), INK)
        for d in (-0.26, 0.28)
    ]
    return Studio(
        [
            *gift(-0.35, 0, (0.8, 0.62, 0.7), 24, CLAY, CREAM),
            *gift(0.95, 0.85, (0.42, 0.3, 0.42), -16, CREAM, COPPER),
            (turned(bag, -18, "y", (1.2, 0, -0.55)), MIST),
            *handles,
            (sphere((-1.55, 0.26, 0.75), 0.26), COPPER),
            (sphere((-1.0, 0.14, 1.2), 0.14), INK),
        ],
        ground="#eadfd2",
        eye=(0.1, 2.3, 8.2),
        look=(0.1, 0.86, 0),
        zoom=3.7,
    )
