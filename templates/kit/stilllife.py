"""Product pictures without a camera: solids described by distance, lit like a photo studio and traced with numpy.

Distances and sphere tracing after I. Quilez, "Distance functions" and "Soft shadows in raymarched SDFs" (iquilezles.org).
Coordinates in metres-like units, y up, the floor at y = 0, the camera looking towards negative z. All arrays are float32.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array: TypeAlias = NDArray[np.float32]
Vector: TypeAlias = tuple[float, float, float]
Solid: TypeAlias = Callable[[Array, Array, Array], Array]


class Material(NamedTuple):
    """What a solid is made of: colour `#rrggbb`, gloss 0 (chalk) to 1 (lacquer), glow 0 (none) to 1."""

    colour: str
    gloss: float = 0.25
    glow: float = 0.0


def _length(*parts: Array) -> Array:
    total = parts[0] * parts[0]
    for part in parts[1:]:
        total = total + part * part
    return np.asarray(np.sqrt(total))


def sphere(at: Vector, radius: float) -> Solid:
    """A ball."""
    return lambda x, y, z: _length(x - at[0], y - at[1], z - at[2]) - np.float32(radius)


def box(at: Vector, half: Vector, round_: float) -> Solid:
    """A box with rounded edges; `half` are half its sides."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        qx, qy, qz = (np.abs(v - c) - np.float32(h - round_) for v, c, h in zip((x, y, z), at, half, strict=True))
        zero = np.float32(0)
        outside = _length(np.maximum(qx, zero), np.maximum(qy, zero), np.maximum(qz, zero))
        return np.asarray(outside + np.minimum(np.maximum(qx, np.maximum(qy, qz)), zero) - np.float32(round_))

    return distance


def cylinder(at: Vector, radius: float, half: float, round_: float, axis: str = "y") -> Solid:
    """A drum with rounded edges, `half` of its height long on either side along `axis`."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        x, y, z = x - at[0], y - at[1], z - at[2]
        a, b, along = {"y": (x, z, y), "x": (y, z, x), "z": (x, y, z)}[axis]
        side = _length(a, b) - np.float32(radius - round_)
        cap = np.abs(along) - np.float32(half - round_)
        zero = np.float32(0)
        corner = _length(np.maximum(side, zero), np.maximum(cap, zero))
        return np.asarray(np.minimum(np.maximum(side, cap), zero) + corner - np.float32(round_))

    return distance


def torus(at: Vector, radius: float, thick: float, axis: str = "y", *, upper: bool = False) -> Solid:
    """A ring around `axis`; `upper`: only its half above `at`, with round ends."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        x, y, z = x - at[0], y - at[1], z - at[2]
        a, b, along = {"y": (x, z, y), "x": (z, y, x), "z": (x, y, z)}[axis]
        ring = _length(_length(a, b) - np.float32(radius), along)
        if upper:
            ring = np.where(b > 0, ring, _length(np.abs(a) - np.float32(radius), b, along))
        return ring - np.float32(thick)

    return distance


def capsule(start: Vector, end: Vector, radius: float) -> Solid:
    """A rod with round ends."""
    dx, dy, dz = (e - s for s, e in zip(start, end, strict=True))
    total = dx * dx + dy * dy + dz * dz

    def distance(x: Array, y: Array, z: Array) -> Array:
        x, y, z = x - start[0], y - start[1], z - start[2]
        h = np.clip((x * dx + y * dy + z * dz) / total, 0, 1).astype(np.float32)
        return _length(x - h * dx, y - h * dy, z - h * dz) - np.float32(radius)

    return distance


def turned(solid: Solid, degrees: float, axis: str = "y", about: Vector = (0, 0, 0)) -> Solid:
    """The solid turned around an axis through `about`."""
    c, s = np.float32(math.cos(math.radians(degrees))), np.float32(math.sin(math.radians(degrees)))

    def distance(x: Array, y: Array, z: Array) -> Array:
        x, y, z = x - about[0], y - about[1], z - about[2]
        if axis == "y":
            x, z = c * x - s * z, s * x + c * z
        elif axis == "x":
            y, z = c * y + s * z, c * z - s * y
        else:
            x, y = c * x + s * y, c * y - s * x
        return solid(x + about[0], y + about[1], z + about[2])

    return distance


def without(solid: Solid, hole: Solid) -> Solid:
    """The solid less the hole."""
    return lambda x, y, z: np.maximum(solid(x, y, z), -hole(x, y, z))


def melted(a: Solid, b: Solid, soft: float) -> Solid:
    """Both solids, flowing into one another over `soft`."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        da, db = a(x, y, z), b(x, y, z)
        h = np.maximum(np.float32(soft) - np.abs(da - db), 0) / np.float32(soft)
        return np.asarray(np.minimum(da, db) - h * h * np.float32(soft * 0.25))

    return distance


class Studio(NamedTuple):
    """A set: solids with their materials before a floor that bends up into the wall behind."""

    solids: Sequence[tuple[Solid, Material]]
    ground: str = "#e9e1d8"
    eye: Vector = (0, 1.6, 6.5)
    look: Vector = (0, 1.1, 0)
    zoom: float = 2.4
    light: Vector = (-0.55, 0.85, 0.6)
    wall: float = -3.2


def _linear(colour: str) -> Array:
    return np.array([(int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)], dtype=np.float32)


def _unit(v: Vector) -> Array:
    array = np.array(v, dtype=np.float32)
    return array / np.float32(np.sqrt(np.sum(array * array)))


def _stage(wall: float) -> Solid:
    """The floor and the wall behind, one running into the other."""

    def floor(_x: Array, y: Array, _z: Array) -> Array:
        return y

    def back(_x: Array, _y: Array, z: Array) -> Array:
        return z - np.float32(wall)

    return melted(floor, back, 3.0)


class _Tracer:
    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.solids = [_stage(studio.wall), *(s for s, _ in studio.solids)]
        materials = [Material(studio.ground, 0.0), *(m for _, m in studio.solids)]
        self.colours = np.stack([_linear(m.colour) for m in materials])
        self.gloss = np.array([m.gloss for m in materials], dtype=np.float32)
        self.glow = np.array([m.glow for m in materials], dtype=np.float32)
        self.light = _unit(studio.light)

    def distance(self, p: Array) -> Array:
        x, y, z = p
        out = self.solids[0](x, y, z)
        for solid in self.solids[1:]:
            out = np.minimum(out, solid(x, y, z))
        return out.astype(np.float32)

    def march(self, origin: Array, rays: Array) -> Array:
        """How far each ray (3, n) from `origin` gets before it meets something."""
        t = np.full(rays.shape[1], 0.5, dtype=np.float32)
        active = np.arange(rays.shape[1])
        for _ in range(96):
            d = self.distance(origin[:, None] + rays[:, active] * t[active])
            t[active] += d * np.float32(0.92)
            active = active[(d > 0.0009) & (t[active] < 30)]
            if active.size == 0:
                break
        return t

    def normals(self, p: Array) -> Array:
        out = np.zeros_like(p)
        for k in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            e = np.array(k, dtype=np.float32)[:, None]
            out += e * self.distance(p + e * np.float32(0.0012))
        return np.asarray(out / np.maximum(_length(out[0], out[1], out[2]), 1e-6))

    def shadow(self, p: Array) -> Array:
        """How much of the soft main light reaches each point, 0–1."""
        light = np.ones(p.shape[1], dtype=np.float32)
        t = np.full(p.shape[1], 0.03, dtype=np.float32)
        for _ in range(30):
            d = self.distance(p + self.light[:, None] * t)
            light = np.minimum(light, np.clip(0.5 + 0.5 * d * 7 / t, 0, 1))
            t += np.clip(d, 0.03, 0.3)
        return np.asarray(light * light * (3 - 2 * light))

    def occlusion(self, p: Array, n: Array) -> Array:
        """How open the surroundings of each point are, 0–1."""
        total, weight = np.zeros(p.shape[1], dtype=np.float32), 1.0
        for step in (0.03, 0.1, 0.22, 0.4, 0.65):
            total += np.float32(weight) * (np.float32(step) - self.distance(p + n * np.float32(step)))
            weight *= 0.62
        return np.asarray(np.clip(1 - 1.15 * total, 0, 1))

    def shade(self, p: Array, rays: Array) -> Array:
        n = self.normals(p)
        which = np.argmin(np.stack([s(*p) for s in self.solids]), axis=0)
        colour, gloss, glow = self.colours[which].T, self.gloss[which], self.glow[which]
        facing = np.clip(np.sum(n * self.light[:, None], axis=0), 0, 1)
        open_ = self.occlusion(p, n)
        sky = 0.5 + 0.5 * n[1]
        ground = self.colours[0][:, None]
        lit = facing * self.shadow(p)
        diffuse = colour * (
            2.0 * lit * np.array([[1.0], [0.96], [0.9]])
            + open_ * (0.62 * sky * np.array([[0.95], [0.98], [1.06]]) + 0.42 * (1 - sky) * ground)
        )
        bounce = rays - 2 * np.sum(rays * n, axis=0) * n
        # Two soft boxes, one above on the left and a slim one on the right, as a glossy thing shows them.
        above = (
            np.clip((bounce[1] - 0.35) * 3, 0, 1)
            * np.clip((0.75 - bounce[0]) * 3, 0, 1)
            * np.clip((bounce[2] + 0.2) * 4, 0, 1)
        )
        slim = np.clip(1 - np.abs(bounce[0] - 0.82) * 9, 0, 1) * np.clip((bounce[1] + 0.15) * 4, 0, 1)
        fresnel = 0.05 + 0.95 * np.clip(1 + np.sum(rays * n, axis=0), 0, 1) ** 5
        mirror = (
            (above * 1.2 + slim * 1.6 + 0.25 * np.clip(bounce[1], 0, 1)) * fresnel * gloss * 2.2 * (0.35 + 0.65 * open_)
        )
        rim = np.clip(1 + np.sum(rays * n, axis=0), 0, 1) ** 3 * 0.22 * open_ * (which > 0)
        return np.asarray(diffuse + mirror + rim * colour + glow * colour * 2.2)


def picture(studio: Studio, width: int, height: int, *, over: float = 1.5) -> Image.Image:
    """The set as a picture, traced at `over` times its size and scaled down."""
    w, h = round(width * over), round(height * over)
    tracer = _Tracer(studio)
    eye = np.array(studio.eye, dtype=np.float32)
    ahead = _unit((studio.look[0] - studio.eye[0], studio.look[1] - studio.eye[1], studio.look[2] - studio.eye[2]))
    right = np.cross(ahead, np.array([0, 1, 0], dtype=np.float32))
    right /= np.sqrt(np.sum(right * right))
    up = np.cross(right, ahead)
    rows = []
    for start in range(0, h, 128):
        v, u = np.mgrid[start : min(h, start + 128), 0:w].astype(np.float32)
        u, v = (u + 0.5 - w / 2) / (h / 2), (h / 2 - v - 0.5) / (h / 2)
        rays = ahead[:, None] * studio.zoom + right[:, None] * u.ravel() + up[:, None] * v.ravel()
        rays = (rays / _length(rays[0], rays[1], rays[2])).astype(np.float32)
        p = eye[:, None] + rays * tracer.march(eye, rays)
        light = tracer.shade(p.astype(np.float32), rays)
        # Filmic curve of K. Narkowicz, "ACES filmic tone mapping curve" (2015), exposed a little up.
        light = light * 0.62
        toned = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1) ** (1 / 2.2)
        rows.append((toned.T.reshape(-1, w, 3) * 255 + 0.5).astype(np.uint8))
    return Image.fromarray(np.concatenate(rows)).resize((width, height), Image.Resampling.LANCZOS)
