"""One small Lottie for each feature that designers use: what `test_features.py` compares with lottie-web."""

from __future__ import annotations

from .building import (
    BLUE,
    GREEN,
    LINEAR,
    RED,
    YELLOW,
    Json,
    bezier,
    comp,
    dashes,
    effect,
    ellipse,
    fill,
    gradient,
    gradient_stroke,
    group,
    image_asset,
    layer,
    mask,
    merge,
    moving,
    null,
    path,
    place,
    precomp,
    rectangle,
    repeater,
    round_corners,
    scene,
    shapes,
    solid,
    star,
    still,
    stroke,
    trim,
)

_LEFT = bezier((20, 20), (120, 20), (120, 180), (20, 180))
_RIGHT = bezier((80, 40), (180, 40), (180, 150), (80, 150))
_ROUND = bezier((100, 30), (170, 100), (100, 170), (30, 100), bend=0.27)
_MOVED = bezier((60, 20), (180, 60), (150, 180), (30, 120))
_TRIANGLE = ((-60.0, 50.0), (0.0, -60.0), (60.0, 50.0))
_BOX = group(rectangle(), fill())


def features() -> dict[str, Json]:
    """Return every feature's animation by its name, `family: what`."""
    return {
        **_shapes(), **_strokes(), **_gradients(), **_trims(), **_modifiers(), **_repeaters(), **_masks(), **_mattes(),
        **_layers(), **_precomps(), **_blends(), **_effects(), **_images(), **_expressions(), **_easing(), **_far(),
    }  # fmt: skip


def _shapes() -> dict[str, Json]:
    ring = (path((-70, -70), (70, -70), (70, 70), (-70, 70)), path((-30, -30), (30, -30), (30, 30), (-30, 30)))
    made = {
        "rectangle": group(rectangle(), fill()),
        "rounded rectangle": group(rectangle(r=25), fill()),
        "rectangle rounder than its side": group(rectangle(120, 40, r=60), fill()),
        "ellipse": group(ellipse(120, 70), fill()),
        "path": group(path(*_TRIANGLE, bend=0.2), fill()),
        "open path filled": group(path(*_TRIANGLE, closed=False), fill()),
        "even odd": group(*ring, fill(rule=2)),
        "nonzero": group(*ring, fill(rule=1)),
        "two fills": group(rectangle(), fill(BLUE, 50), fill(YELLOW)),
        "group opacity": group(_BOX, group(ellipse(), fill(BLUE)), opacity=50),
        "nested transforms": group(group(rectangle(60, 60), fill(), rotation=30), scale=[120, 60], position=[20, 10]),
        "skewed group": group(rectangle(), fill(), skew=25, axis=40),
        "hidden group": group(group(rectangle(), fill(), hd=True), group(ellipse(60, 60), fill(BLUE))),
        "hidden item": group(rectangle(), {**fill(BLUE), "hd": True}, fill(RED)),
        "animated path": group(
            {"ty": "sh", "ks": moving((0, [bezier(*_TRIANGLE)]), (59, [bezier((-80, 0), (0, -80), (80, 20))]))}, fill()
        ),
        "animated size": group({**rectangle(), "s": moving((0, [40, 40]), (59, [150, 60]))}, fill()),
        "colour animated": group(rectangle(), fill(moving((0, RED), (59, BLUE)))),
        "one fill for several paths": group(
            path(*_TRIANGLE), ellipse(60, 60, 30, 30), rectangle(40, 40, -40, 0), fill()
        ),
        "one fill for nested groups": group(group(rectangle(60, 60, -30, 0)), group(ellipse(60, 60, 40, 0)), fill()),
    }
    polystars = {
        "star": star(),
        "star with fractional points": star(5.6),
        "rounded star": star(os=60, inner_roundness=40),
        "star reversed": star(7, os=-50, d=3),
        "turned star": star(6, r=25),
        "polygon": star(6, kind=2),
        "rounded polygon": star(5, kind=2, os=80),
        "polygon reversed": star(5, kind=2, os=80, d=3, r=20),
        "animated star": star(moving((0, 3), (59, 9)), moving((0, 30), (59, 80)), os=moving((0, 0), (59, 100))),
    }
    return {f"shapes: {name}": scene(shapes(item)) for name, item in made.items()} | {
        f"polystars: {name}": scene(shapes(group(item, fill(), stroke(width=4)))) for name, item in polystars.items()
    }


def _strokes() -> dict[str, Json]:
    line = path((-70, 40), (0, -50), (70, 40), closed=False)
    made = {
        "mitre": group(line, stroke(width=18)),
        "round joins and caps": group(line, stroke(width=18, lc=2, lj=2)),
        "bevel and square": group(line, stroke(width=18, lc=3, lj=3)),
        "mitre limit": group(path((-70, 40), (-50, -60), (-30, 40), closed=False), stroke(width=14, ml=1)),
        "dashes": group(line, stroke(width=8, d=dashes(14, 8))),
        "dash offset": group(ellipse(130, 130), stroke(width=8, d=dashes(20, 10, 7))),
        "animated dash offset": group(ellipse(130, 130), stroke(width=8, d=dashes(20, 10, moving((0, 0), (59, 60))))),
        "dashes with round caps": group(line, stroke(width=8, lc=2, d=dashes(1, 16))),
        "lone dash": group(line, stroke(width=8, d=[{"n": "d", "nm": "dash", "v": still(18)}])),
        "stroke above fill": group(rectangle(), stroke(width=16, opacity=60), fill(YELLOW)),
        "stroke below fill": group(rectangle(), fill(YELLOW, 70), stroke(width=16)),
        "two strokes": group(rectangle(), stroke(RED, 6), stroke(BLUE, 20)),
        "scaled stroke": group(rectangle(50, 50), stroke(), scale=[250, 80]),
        "stroke outside of the scaled group": group(group(rectangle(50, 50), scale=[250, 80]), stroke()),
        "animated width": group(line, stroke(width=moving((0, 2), (59, 30)))),
        "no width": group(rectangle(), stroke(width=0), fill(YELLOW)),
    }
    return {f"strokes: {name}": scene(shapes(item)) for name, item in made.items()}


def _gradients() -> dict[str, Json]:
    opacity = [0, 1, 0.2, 0.2, 1, 0.1, 0.3, 0.9, 0, 1, 0.5, 0.2, 1, 0.9]
    fading = [0, 1, 0.2, 0.2, 0.5, 1, 0.9, 0.1, 1, 0.1, 0.3, 0.9, 0, 1, 1, 0]
    more = [0, 1, 0.2, 0.2, 1, 0.1, 0.3, 0.9, 0, 1, 0.3, 0, 0.6, 1, 1, 0.2]
    moved = moving((0, [0, 1, 0, 0, 0.5, 0, 1, 0, 1, 0, 0, 1]), (59, [0, 0, 0, 1, 0.8, 1, 1, 0, 1, 1, 0, 0]))
    made = {
        "linear": gradient(),
        "radial": gradient(2, s=still([0, 0]), e=still([60, 0])),
        "short": gradient(s=still([-20, 0]), e=still([20, 0])),
        "slanted": gradient(s=still([-50, -40]), e=still([50, 40])),
        "opacity stops": gradient(stops=opacity, count=2),
        "fading out": gradient(stops=fading),
        "more opacity stops than colours": gradient(stops=more, count=2),
        "radial fading": gradient(2, stops=fading, s=still([0, 0]), e=still([60, 0])),
        "highlight": gradient(2, s=still([0, 0]), e=still([60, 0]), h=still(60), a=still(30)),
        "highlight at the edge": gradient(2, s=still([0, 0]), e=still([60, 0]), h=still(100), a=still(-60)),
        "half opaque": gradient(o=still(50)),
        "animated stops": gradient(stops=moved),
        "animated ends": gradient(s=moving((0, [-60, 0]), (59, [0, -60])), e=moving((0, [60, 0]), (59, [0, 60]))),
        "hard stops": gradient(stops=[0, 1, 0, 0, 0.5, 1, 0, 0, 0.5, 0, 0, 1, 1, 0, 0, 1], count=4),
        "first stop inside": gradient(stops=[0.4, 1, 0, 0, 0.6, 0, 0, 1], count=2),
    }
    result = {f"gradients: {name}": scene(shapes(group(rectangle(140, 110), item))) for name, item in made.items()}
    result["gradients: stroke"] = scene(shapes(group(ellipse(120, 120), gradient_stroke())))
    result["gradients: radial stroke"] = scene(
        shapes(group(ellipse(120, 120), gradient_stroke(kind=2, s=still([0, -60]), e=still([0, 90]))))
    )
    result["gradients: in a turned group"] = scene(shapes(group(rectangle(), gradient(), rotation=40, scale=[120, 60])))
    return result


def _trims() -> dict[str, Json]:
    two = (ellipse(90, 90, -40, 0), rectangle(70, 70, 45, 0))
    line = stroke(width=8)
    made = {
        "part": group(ellipse(130, 130), trim(10, 60), line),
        "offset": group(ellipse(130, 130), trim(0, 40, 120), line),
        "across the start": group(rectangle(), trim(0, 50, 290), line),
        "reversed ends": group(rectangle(), trim(80, 20), line),
        "nothing": group(group(rectangle(), trim(30, 30), line), group(ellipse(20, 20), fill())),
        "animated": group(ellipse(130, 130), trim(moving((0, 0), (59, 60)), moving((0, 10), (40, 100)), 30), line),
        "several at once": group(*two, trim(0, 60, 0, 1), line),
        "several one after the other": group(*two, trim(0, 60, 0, 2), line),
        "several one after the other offset": group(*two, trim(10, 60, 100, 2), line),
        "outside of groups": group(
            group(ellipse(60, 60, -45, 0), line), group(rectangle(60, 60, 45, 0), line), trim(0, 70)
        ),
        "trim of a fill": group(ellipse(130, 130), trim(0, 60), fill()),
        "two trims": group(ellipse(130, 130), trim(0, 50), trim(50, 100), line),
        "trim with dashes": group(ellipse(130, 130), trim(0, 70), stroke(width=8, d=dashes(14, 8))),
        "trim beyond its ends": group(ellipse(130, 130), trim(0, 130, 40), line),
        "reversed direction": group(ellipse(130, 130, d=3), trim(0, 30), line),
        "trim of a star": group(star(), trim(0, 45), line),
        "trim of a rounded rectangle": group(rectangle(r=20), trim(0, 55), line),
    }
    return {f"trim paths: {name}": scene(shapes(item)) for name, item in made.items()}


def _modifiers() -> dict[str, Json]:
    line = stroke(width=4)
    pair = (rectangle(90, 90, -20, -10), ellipse(90, 90, 30, 20))
    made = {
        "round corners: rectangle": group(rectangle(), round_corners(20), fill()),
        "round corners: triangle": group(path(*_TRIANGLE), round_corners(18), fill(), line),
        "round corners: open line": group(path(*_TRIANGLE, closed=False), round_corners(30), line),
        "round corners: bent path": group(path(*_TRIANGLE, bend=0.15), round_corners(18), fill()),
        "round corners: star": group(star(), round_corners(8), fill()),
        "round corners: animated": group(path(*_TRIANGLE), round_corners(moving((0, 0), (59, 40))), fill()),
        "merge paths: merge": group(*pair, merge(1), fill()),
        "merge paths: add": group(*pair, merge(2), fill()),
        "merge paths: subtract": group(*pair, merge(3), fill()),
        "merge paths: intersect": group(*pair, merge(4), fill()),
        "merge paths: exclude": group(*pair, merge(5), fill()),
        "offset path: out": group(path(*_TRIANGLE), {"ty": "op", "a": still(12), "lj": 1, "ml": still(4)}, fill()),
        "offset path: in": group(rectangle(), {"ty": "op", "a": still(-12), "lj": 1, "ml": still(4)}, fill()),
        "offset path: round": group(rectangle(), {"ty": "op", "a": still(15), "lj": 2, "ml": still(4)}, fill()),
        "pucker": group(rectangle(), {"ty": "pb", "a": still(-30)}, fill()),
        "bloat": group(star(), {"ty": "pb", "a": still(40)}, fill()),
        "zig zag": group(rectangle(), {"ty": "zz", "r": still(6), "s": still(8), "pt": still(1)}, fill()),
        "zig zag: smooth": group(rectangle(), {"ty": "zz", "r": still(6), "s": still(8), "pt": still(2)}, fill()),
        "twist": group(rectangle(), {"ty": "tw", "a": still(60), "c": still([0, 0])}, fill()),
    }
    return {(f"modifiers: {name}" if ":" not in name else name): scene(shapes(item)) for name, item in made.items()}


def _repeaters() -> dict[str, Json]:
    dot = group(rectangle(24, 24), fill(RED, 70), stroke(width=4))
    row: Json = {"position": [26, 6]}
    made = {
        "row": (repeater(4, **row),),
        "offset": (repeater(4, -2, **row),),
        "fractional offset": (repeater(4, 0.5, **row),),
        "fading": (repeater(4, so=100, eo=10, **row),),
        "above": (repeater(4, composite=1, position=[14, 6]),),
        "below": (repeater(4, composite=2, position=[14, 6]),),
        "turning": (repeater(6, rotation=60, anchor=[0, 50]),),
        "shrinking": (repeater(5, scale=[80, 80], position=[26, 0]),),
        "growing backwards": (repeater(4, -3, scale=[80, 80], position=[26, 0]),),
        "grid": (repeater(3, position=[30, 0]), repeater(3, position=[0, 30])),
        "animated copies": (repeater(moving((0, 1), (59, 6), ease=LINEAR), **row),),
        "animated position": (repeater(4, position=moving((0, [0, 0]), (59, [40, 10]))),),
        "animated offset": (repeater(4, moving((0, 0), (59, -3)), **row),),
        "animated turning": (repeater(8, rotation=moving((0, 0), (59, 45)), anchor=[0, 50]),),
        "no copies": (repeater(0, **row),),
        "fractional copies": (repeater(2.6, **row),),
    }
    result = {f"repeaters: {name}": scene(shapes(dot, *items)) for name, items in made.items()}
    result["repeaters: several items"] = scene(
        shapes(
            group(ellipse(20, 20), fill(BLUE)), group(rectangle(36, 36), fill(YELLOW)), repeater(4, position=[20, 10])
        )
    )
    result["repeaters: of a path with its fill below"] = scene(
        shapes(group(rectangle(20, 20), repeater(4, position=[24, 6]), fill(BLUE)))
    )
    result["repeaters: after a trim"] = scene(
        shapes(group(ellipse(60, 60), trim(0, 60), stroke(width=5), repeater(4, position=[24, 6])))
    )
    result["repeaters: gradient"] = scene(
        shapes(group(rectangle(30, 30), gradient(s=still([-15, 0]), e=still([15, 0])), repeater(4, position=[26, 6])))
    )
    return result


def _masks() -> dict[str, Json]:
    whole = place()
    made = {
        "add": [mask(_LEFT)],
        "add inverted": [mask(_ROUND, inverted=True)],
        "subtract": [mask(_ROUND, "s")],
        "subtract inverted": [mask(_ROUND, "s", inverted=True)],
        "intersect alone": [mask(_ROUND, "i")],
        "two added": [mask(_LEFT), mask(_RIGHT)],
        "add then subtract": [mask(_LEFT), mask(_RIGHT, "s")],
        "add then intersect": [mask(_LEFT), mask(_RIGHT, "i")],
        "add then intersect inverted": [mask(_LEFT), mask(_RIGHT, "i", inverted=True)],
        "add then subtract inverted": [mask(_LEFT), mask(_RIGHT, "s", inverted=True)],
        "subtract twice": [mask(_ROUND, "s"), mask(bezier((10, 10), (60, 10), (60, 60), (10, 60)), "s")],
        "three": [mask(_LEFT), mask(_RIGHT), mask(_ROUND, "s")],
        "subtract then add": [mask(_ROUND, "s"), mask(bezier((80, 80), (120, 80), (120, 120), (80, 120)))],
        "none": [mask(_LEFT, "n")],
        "none then add": [mask(_LEFT, "n"), mask(_RIGHT)],
        "half opaque": [mask(_ROUND, opacity=50)],
        "two half opaque": [mask(_LEFT, opacity=50), mask(_RIGHT, opacity=60)],
        "subtract half opaque": [mask(_ROUND, "s", opacity=50)],
        "add inverted with another": [mask(_LEFT, inverted=True), mask(_RIGHT)],
        "animated path": [mask(moving((0, [_LEFT]), (59, [_MOVED])))],
        "animated subtract": [mask(moving((0, [_LEFT]), (59, [_MOVED])), "s")],
        "animated opacity": [mask(_ROUND, opacity=moving((0, 0), (59, 100)))],
        "expanded": [mask(_ROUND, expand=15)],
        "shrunk": [mask(_ROUND, expand=-15)],
        "expanded corners": [mask(_RIGHT, expand=12)],
    }
    result = {}
    for name, masks in made.items():
        item = solid("#cc3344", masksProperties=masks, hasMask=True)
        result[f"masks: {name}"] = scene(item, solid("#ddeeff"))
    moved = place(position=[110, 90], anchor=[100, 100], scale=[80, 80], rotation=20, opacity=70)
    result["masks: moved layer"] = scene(
        solid("#cc3344", transform=moved, masksProperties=[mask(_LEFT), mask(_RIGHT, "s")], hasMask=True)
    )
    shape = group(ellipse(160, 160), fill(BLUE), stroke(width=12))
    near = bezier((-60, -60), (60, -60), (60, 30), (-60, 30))
    result["masks: of shapes"] = scene(shapes(shape, masksProperties=[mask(near)], hasMask=True))
    inner = comp("inner", shapes(shape))
    result["masks: of a precomposition"] = scene(
        precomp("inner", masksProperties=[mask(_LEFT), mask(_ROUND, "i")], hasMask=True, transform=whole),
        assets=[inner],
    )
    return result


def _mattes() -> dict[str, Json]:
    hole = shapes(group(ellipse(120, 120), fill([1, 1, 1])), td=1)
    soft = shapes(group(rectangle(140, 140), gradient(stops=[0, 0, 0, 0, 1, 1, 1, 1], count=2)), td=1)
    result = {}
    for kind, name in ((1, "alpha"), (2, "inverted alpha"), (3, "luma"), (4, "inverted luma")):
        for source, what in ((hole, "disc"), (soft, "gradient")):
            top = {**source}
            result[f"mattes: {name}, {what}"] = scene(top, solid("#cc3344", tt=kind), solid("#ddeeff"))
    animated = shapes(
        group(ellipse(80, 80), fill([1, 1, 1])), td=1, transform=place(position=moving((0, [40, 40]), (59, [160, 140])))
    )
    result["mattes: moving"] = scene(animated, solid("#cc3344", tt=1))
    below = shapes(group(ellipse(120, 120), fill([1, 1, 1])), td=1, ind=7)
    result["mattes: by its index"] = scene(
        solid("#cc3344", tt=1, tp=7, ind=1), shapes(_BOX, ind=2), below, solid("#ddeeff", ind=9)
    )
    twice = shapes(group(ellipse(100, 100), fill([1, 1, 1])), td=1, ind=1)
    result["mattes: one for two layers"] = scene(
        twice,
        solid("#cc3344", tt=1, tp=1, ind=2, transform=place(position=[0, 0])),
        solid("#3344cc", tt=2, tp=1, ind=3),
    )
    result["mattes: half opaque"] = scene({**hole}, solid("#cc3344", tt=1, transform=place(opacity=50)))
    result["mattes: half opaque source"] = scene(
        shapes(group(ellipse(120, 120), fill([1, 1, 1], 50)), td=1), solid("#cc3344", tt=1)
    )
    inner = comp("inner", shapes(group(star(), fill([1, 1, 1]))))
    result["mattes: precomposition as source"] = scene(precomp("inner", td=1), solid("#cc3344", tt=1), assets=[inner])
    result["mattes: masked layer"] = scene(
        {**hole}, solid("#cc3344", tt=1, masksProperties=[mask(_LEFT)], hasMask=True)
    )
    result["mattes: masked source"] = scene(
        shapes(
            group(ellipse(120, 120), fill([1, 1, 1])),
            td=1,
            masksProperties=[mask(bezier((-60, -60), (0, -60), (0, 60), (-60, 60)), "s")],
            hasMask=True,
        ),
        solid("#cc3344", tt=1),
    )
    late = {**hole, "ip": 40, "op": 60}
    result["mattes: source not there yet"] = scene(late, solid("#cc3344", tt=1), shapes(_BOX))
    result["mattes: inverted, source not there yet"] = scene({**late}, solid("#cc3344", tt=2), shapes(_BOX))
    result["mattes: hidden source"] = scene({**hole, "hd": True}, solid("#cc3344", tt=1), shapes(_BOX))
    return result


def _layers() -> dict[str, Json]:
    spin = moving((0, 0), (59, 90))
    result = {
        "position": shapes(_BOX, transform=place(position=moving((0, [40, 40]), (59, [150, 120])))),
        "anchor and rotation": shapes(_BOX, transform=place(position=[100, 100], anchor=[40, 20], rotation=spin)),
        "negative scale": shapes(
            group(path(*_TRIANGLE), fill()), transform=place(position=[100, 100], scale=[-80, -120])
        ),
        "skew": shapes(_BOX, transform=place(position=[100, 100], skew=30, axis=60)),
        "opacity": shapes(_BOX, group(ellipse(140, 40), fill(BLUE)), transform=place(position=[100, 100], opacity=40)),
        "hold keyframes": shapes(
            _BOX, transform=place(position=moving((0, [40, 40]), (20, [90, 100]), (40, [150, 150]), hold=True))
        ),
        "curved motion": shapes(
            group(rectangle(40, 30), fill()),
            transform=place(
                position={
                    "a": 1,
                    "k": [
                        {"t": 0, "s": [30, 150], "to": [0, -120], "ti": [0, -120], **LINEAR, "e": [170, 150]},
                        {"t": 59, "s": [170, 150]},
                    ],
                }
            ),
        ),
        "along the path": shapes(
            group(rectangle(40, 20), fill()),
            ao=1,
            transform=place(
                position={
                    "a": 1,
                    "k": [
                        {"t": 0, "s": [30, 150], "to": [0, -120], "ti": [0, -120], **LINEAR, "e": [170, 150]},
                        {"t": 59, "s": [170, 150]},
                    ],
                }
            ),
        ),
        "split position": shapes(
            _BOX,
            transform={
                **place(),
                "p": {"s": True, "x": moving((0, 40), (59, 150)), "y": still(90)},
            },
        ),
        "easing of each axis": shapes(
            _BOX,
            transform=place(
                position=[100, 100],
                scale={
                    "a": 1,
                    "k": [
                        {
                            "t": 0,
                            "s": [20, 20, 100],
                            "i": {"x": [0.2, 0.9, 0.5], "y": [1, 0.5, 1]},
                            "o": {"x": [0.8, 0.1, 0.5], "y": [0, 0.5, 0]},
                        },
                        {"t": 59, "s": [120, 150, 100]},
                    ],
                },
            ),
        ),
        "late start": shapes(_BOX, ip=15, st=15, transform=place(position=[100, 100], rotation=spin)),
        "ended": shapes(_BOX, op=20),
        "hidden": shapes(_BOX, hd=True),
        "turned in three dimensions": shapes(
            _BOX,
            ddd=1,
            transform={
                **place(position=[100, 100, 0]),
                "rx": still(40),
                "ry": still(30),
                "rz": still(15),
                "or": still([0, 0, 0]),
            },
        ),
        "solid": solid("#22aa66", 120, 60, transform=place(position=[100, 100], anchor=[60, 30], rotation=20)),
    }
    scenes = {f"layers: {name}": scene(item) for name, item in result.items()}
    parent = null(place(position=[100, 100], rotation=spin, scale=[80, 80]), ind=5)
    scenes["parents: of a null"] = scene(parent, shapes(_BOX, transform=place(position=[20, 0]), parent=5))
    scenes["parents: transparent parent"] = scene(
        null(place(position=[100, 100], opacity=0), ind=5), shapes(_BOX, transform=place(), parent=5)
    )
    scenes["parents: ended parent"] = scene(
        null(place(position=[100, 100], rotation=45), ind=5, op=10), shapes(_BOX, transform=place(), parent=5)
    )
    scenes["parents: hidden parent"] = scene(
        null(place(position=[100, 100], rotation=45), ind=5, hd=True), shapes(_BOX, transform=place(), parent=5)
    )
    scenes["parents: chain"] = scene(
        null(place(position=[100, 100], rotation=20), ind=5),
        null(place(position=[20, 0], scale=[50, 90]), ind=6, parent=5),
        shapes(_BOX, transform=place(position=[10, 10], rotation=30), parent=6),
    )
    scenes["layers: beyond the frame"] = scene(shapes(_BOX, transform=place(position=[190, 190], scale=[200, 200])))
    scenes["layers: transform layer in group order"] = scene(
        shapes(_BOX, group(ellipse(120, 120), fill(BLUE))), solid("#eeeeee")
    )
    return scenes


def _precomps() -> dict[str, Json]:
    spin = moving((0, 0), (59, 180))
    inner = comp("inner", shapes(_BOX, transform=place(position=[100, 100], rotation=spin)), solid("#99ccee", 300, 300))
    made = {
        "whole": precomp("inner"),
        "clipped": precomp("inner", 120, 90, transform=place(position=[30, 40])),
        "half opaque": precomp("inner", transform=place(opacity=50)),
        "started late": precomp("inner", st=20, ip=20),
        "stretched": precomp("inner", sr=2),
        "time remap": precomp("inner", tm=moving((0, 0), (59, 1), ease=LINEAR)),
        "time remap backwards": precomp("inner", tm=moving((0, 1.9), (59, 0), ease=LINEAR)),
        "frozen": precomp("inner", tm=moving((0, 0.5), (30, 0.5))),
        "turned": precomp(
            "inner", transform=place(position=[100, 100], anchor=[100, 100], rotation=30, scale=[60, 60])
        ),
    }
    result = {f"precompositions: {name}": scene(item, assets=[inner]) for name, item in made.items()}
    outer = comp("outer", precomp("inner", 100, 100), shapes(group(ellipse(), fill(GREEN))))
    result["precompositions: nested"] = scene(
        precomp("outer", transform=place(position=[30, 30])), assets=[inner, outer]
    )
    result["precompositions: shown twice"] = scene(
        precomp("inner", 90, 90), precomp("inner", 90, 90, st=10, transform=place(position=[100, 100])), assets=[inner]
    )
    return result


def _blends() -> dict[str, Json]:
    names = (
        "normal", "multiply", "screen", "overlay", "darken", "lighten", "colour dodge", "colour burn", "hard light", "soft light",
        "difference", "exclusion", "hue", "saturation", "colour", "luminosity",
    )  # fmt: skip
    ground = shapes(group(rectangle(120, 200, -40, 0), gradient(stops=[0, 0.9, 0.4, 0.1, 1, 0.1, 0.5, 0.8], count=2)))
    result = {}
    for mode, name in enumerate(names[1:], start=1):
        result[f"blend modes: {name}"] = scene(
            shapes(group(ellipse(130, 130), fill([0.8, 0.6, 0.2])), bm=mode), {**ground}
        )
    result["blend modes: half opaque multiply"] = scene(
        shapes(group(ellipse(130, 130), fill([0.8, 0.6, 0.2])), bm=1, transform=place(position=[100, 100], opacity=50)),
        {**ground},
    )
    inner = comp("inner", shapes(group(ellipse(130, 130), fill([0.8, 0.6, 0.2])), bm=1), {**ground})
    result["blend modes: inside a precomposition"] = scene(precomp("inner"), solid("#88aa44"), assets=[inner])
    result["blend modes: of a precomposition"] = scene(
        precomp("inner", bm=1),
        solid("#88aa44"),
        assets=[comp("inner", shapes(_BOX), shapes(group(star(), fill(BLUE))))],
    )
    return result


def _effects() -> dict[str, Json]:
    body = (group(star(), fill(), stroke(width=6)),)
    faint = (0, 0), (7, 1)
    made = {
        "fill": effect(21, (10, 0), (7, 0), (2, [0.1, 0.4, 0.9, 1]), (7, 0), (0, 0), (0, 0), (0, 1)),
        "half opaque fill": effect(21, (10, 0), (7, 0), (2, [0.1, 0.4, 0.9, 1]), (7, 0), (0, 0), (0, 0), (0, 0.5)),
        "tint": effect(20, (2, [0.1, 0.1, 0.3, 1]), (2, [1, 0.9, 0.6, 1]), (0, 100)),
        "half tint": effect(20, (2, [0.1, 0.1, 0.3, 1]), (2, [1, 0.9, 0.6, 1]), (0, 50)),
        "tritone": effect(23, (2, [1, 1, 0.8, 1]), (2, [0.8, 0.3, 0.3, 1]), (2, [0.1, 0, 0.2, 1]), (0, 0)),
        "drop shadow": effect(25, (2, [0, 0, 0, 1]), (0, 160), (0, 135), (0, 20), (0, 12)),
        "hard shadow": effect(25, (2, [0.1, 0.1, 0.5, 1]), (0, 255), (0, 90), (0, 15), (0, 0)),
        "blur": effect(29, (0, 12), (7, 1), *faint[1:]),
        "blur across": effect(29, (0, 20), (7, 2), *faint[1:]),
        "blur down": effect(29, (0, 20), (7, 3), *faint[1:]),
    }
    result = {f"effects: {name}": scene(shapes(*body, ef=[item])) for name, item in made.items()}
    framed = [mask(bezier((20, 20), (160, 40), (180, 180), (40, 150)))]
    result["effects: fill of a masked layer"] = scene(
        solid("#cc3344", ef=[made["fill"]], hasMask=True, masksProperties=framed)
    )
    disc = shapes(group(ellipse(120, 120), fill([1, 1, 1])), td=1)
    result["effects: fill of a matted layer"] = scene(disc, solid("#cc3344", tt=1, ef=[made["fill"]]))
    result["effects: of an early file"] = scene(
        solid("#cc3344", ef=[{key: value for key, value in made["fill"].items() if key != "en"}])
    )
    result["effects: switched off"] = scene(shapes(*body, ef=[{**made["fill"], "en": 0}]))
    inner = comp("inner", shapes(*body))
    result["effects: fill of a precomposition"] = scene(precomp("inner", ef=[made["fill"]]), assets=[inner])
    result["effects: blur of a moved layer"] = scene(
        shapes(*body, ef=[made["blur"]], transform=place(position=[100, 100], scale=[60, 60], rotation=20))
    )
    return result


def _images() -> dict[str, Json]:
    def shown(asset: Json, **transform: object) -> Json:
        return scene(layer(2, place(**transform), refId=asset["id"]), assets=[asset])

    middle = {"position": [100, 100], "anchor": [60, 40]}
    mine = image_asset("photo", 120, 80)
    return {
        "images: own size": shown(mine, **middle),
        "images: larger than said": shown(image_asset("photo", 360, 240, shown=(120, 80)), **middle),
        "images: smaller than said": shown(image_asset("photo", 60, 40, shown=(120, 80)), **middle),
        "images: wider than said": shown(image_asset("photo", 240, 80, shown=(120, 80)), **middle),
        "images: taller than said": shown(image_asset("photo", 120, 200, shown=(120, 80)), **middle),
        "images: turned": shown(mine, **middle, rotation=25, scale=[120, 120]),
        "images: half opaque": shown(mine, **middle, opacity=50),
        "images: masked": scene(
            layer(
                2,
                place(**middle),
                refId="photo",
                hasMask=True,
                masksProperties=[mask(bezier((60, 0), (120, 40), (60, 80), (0, 40), bend=0.2))],
            ),
            assets=[mine],
        ),
    }


def _easing() -> dict[str, Json]:
    """Curves with Bodymovin's names, of which the first twenty letters are the same."""
    base = {"o": {"x": [0.333], "y": [0.333]}, "i": {"x": [0.833], "y": [0.833]}, "n": "0p833_0p833_0p333_0p333"}
    steep = {"o": {"x": [0.333], "y": [0]}, "i": {"x": [0.833], "y": [0.833]}, "n": "0p833_0p833_0p333_0"}
    size = {
        "a": 1,
        "k": [
            {"t": 0, "s": [20, 20], "i": {"x": [0.3, 0.3], "y": [1, 0.3]}, "o": {"x": [0.7, 0.7], "y": [0, 0.7]}},
            {"t": 59, "s": [140, 140]},
        ],
    }
    return {
        "easing: of names alike": scene(
            shapes(
                group(rectangle(30, 30), fill()),
                transform=place(position=moving((0, [20, 50]), (59, [180, 50]), ease=base)),
            ),
            shapes(
                group(rectangle(30, 30), fill(BLUE)),
                transform=place(position=moving((0, [20, 140]), (59, [180, 140]), ease=steep)),
            ),
        ),
        "easing: of a rectangle's sides": scene(shapes(group({**rectangle(), "s": size}, fill()))),
    }


def _far() -> dict[str, Json]:
    far = shapes(
        group(group(rectangle(60, 60, 900, 700), fill()), group(ellipse(60, 60, 930, 720), fill(BLUE)), opacity=50),
        transform=place(position=[100, 100], anchor=[910, 705]),
    )
    return {"layers: about an anchor far away": scene(far)}


def _expressions() -> dict[str, Json]:
    def said(code: str, value: Json) -> Json:
        return {**value, "x": code}

    moved = moving((0, [40, 60]), (20, [150, 120]))
    turned = moving((0, 0), (15, 40))
    box = group(rectangle(50, 40), fill())
    positions = {
        "loop out": ("var $bm_rt; $bm_rt = loopOut('cycle');", moved),
        "ping pong": ("var $bm_rt; $bm_rt = loopOut('pingpong');", moved),
        "loop with offset": ("var $bm_rt; $bm_rt = loopOut('offset');", moving((0, [30, 60]), (20, [60, 80]))),
        "continue": ("var $bm_rt; $bm_rt = loopOut('continue');", moving((0, [30, 60]), (20, [60, 80]), ease=LINEAR)),
        "loop in": ("var $bm_rt; $bm_rt = loopIn('cycle');", moving((40, [40, 60]), (55, [150, 120]))),
        "of time": ("var $bm_rt; $bm_rt = [60 + time * 30, 100 + 20 * Math.sin(time * 3)];", still([100, 100])),
        "value at time": ("var $bm_rt; $bm_rt = valueAtTime(time - 0.2);", moved),
    }
    result = {
        f"expressions: {name}": scene(shapes(box, transform=place(position=said(code, value))))
        for name, (code, value) in positions.items()
    }
    result["expressions: rotation"] = scene(
        shapes(box, transform=place(position=[100, 100], rotation=said("var $bm_rt; $bm_rt = loopOut();", turned)))
    )
    control = {"ty": 5, "nm": "Amount", "np": 3, "mn": "ADBE Slider Control", "ix": 1, "en": 1}
    slider = {
        **control,
        "ef": [{"ty": 0, "nm": "Slider", "mn": "ADBE Slider Control-0001", "ix": 1, "v": moving((0, 20), (59, 90))}],
    }
    result["expressions: slider of the layer"] = scene(
        shapes(
            box,
            ef=[slider],
            transform=place(
                position=[100, 100], rotation=said("var $bm_rt; $bm_rt = effect('Amount')('Slider');", still(0))
            ),
        )
    )
    result["expressions: slider of another layer"] = scene(
        null(ef=[slider], nm="Control"),
        shapes(
            box,
            transform=place(
                position=[100, 100],
                rotation=said("var $bm_rt; $bm_rt = thisComp.layer('Control').effect('Amount')('Slider');", still(0)),
            ),
        ),
    )
    result["expressions: position of another layer"] = scene(
        shapes(group(ellipse(20, 20), fill(BLUE)), nm="Leader", transform=place(position=moved)),
        shapes(
            box,
            transform=place(
                position=said(
                    "var $bm_rt; $bm_rt = $bm_sum(thisComp.layer('Leader').transform.position, [20, 30]);",
                    still([0, 0]),
                )
            ),
        ),
    )
    codes = {
        "elastic": (
            (
                "var $bm_rt; var n = 0; if (numKeys > 0) { n = nearestKey(time).index; if (key(n).time > time) { n--; } }"
                " if (n > 0) { var t = $bm_sub(time, key(n).time); var v = velocityAtTime($bm_sub(key(n).time, 0.001));"
                " $bm_rt = $bm_sum(value, $bm_div($bm_mul($bm_mul(v, 0.05), Math.sin($bm_mul(t, 9))), Math.exp($bm_mul(3, t))));"
                " } else { $bm_rt = value; }"
            ),
            moving((0, [40, 60]), (20, [120, 110])),
        ),
        "function below": (
            "var $bm_rt; $bm_rt = place(60); function place(x) { return [x, $bm_mul(x, 2)]; }",
            still([0, 0]),
        ),
        "whole layer": (
            "var $bm_rt; var p = thisComp.layer('Leader').toComp([0, 0, 0]); $bm_rt = [p[0], p[1]];",
            still([0, 0]),
        ),
    }
    leader = shapes(
        group(ellipse(20, 20), fill(BLUE)),
        nm="Leader",
        ind=8,
        transform=place(position=moved, anchor=[-10, 20], rotation=30),
    )
    for name, (code, value) in codes.items():
        result[f"expressions: {name}"] = scene(
            {**leader}, shapes(box, ind=9, transform=place(position=said(code, value)))
        )
    item = {**path((-40, -30), (40, -30), (0, 40)), "nm": "Path 1"}
    drawn = {**group(item, fill(GREEN)), "nm": "Shape 1"}
    result["expressions: a path of another"] = scene(
        shapes(drawn, nm="Source", ind=5, transform=place(position=[60, 60])),
        shapes(
            group(
                {
                    "ty": "sh",
                    "ks": said(
                        "var $bm_rt; $bm_rt = thisComp.layer('Source').content('Shape 1').content('Path 1').path;",
                        still(bezier((0, 0), (9, 0), (9, 9))),
                    ),
                },
                fill(),
            ),
            ind=6,
            transform=place(position=[130, 130]),
        ),
    )
    result["expressions: linear and clamp"] = scene(
        shapes(
            box,
            transform=place(
                position=[100, 100],
                opacity=said("var $bm_rt; $bm_rt = linear(time, 0, 2, 20, 100);", still(100)),
                rotation=said("var $bm_rt; $bm_rt = clamp($bm_mul(time, 100), 0, 60);", still(0)),
            ),
        )
    )
    return result
