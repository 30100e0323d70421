// The part of After Effects' expression language that is evaluated (https://ae-expressions.docsforadobe.dev). Times are seconds of the composition.

const WIGGLE_OCTAVE_SEED = 7919;
const MAX_DEPTH = 40;
const KEPT_PATHS = 4096;
const MAX_EVALUATIONS = 400000; // of all expressions together: a bound that no machine's speed moves
let evaluations = 0;
const MEMO = 64; // values that are kept of a property: others ask for it at the same times
let now = 0;
let current = null;
let depth = 0;
let moves = false; // whether the evaluation looked at anything that changes over time
let chancy = false; // whether it asked for chance, which every player draws anew
const reads = new Set(); // the properties whose own values were looked at

const isArray = Array.isArray;
const map2 = (a, b, f) => (isArray(a) ? a.map((x, i) => f(x, isArray(b) ? b[i] ?? 0 : b)) : f(a, isArray(b) ? b[0] : b));
const mix = (a, b, k) => map2(a, b, (x, y) => x + (y - x) * k);
const clampTo = (x, low, high) => Math.min(Math.max(x, low), high);

function hash(n) {
  let x = Math.imul(n | 0, 0x9e3779b1) ^ 0x85ebca6b;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 4294967296;
}
function noise(t, seed) {
  const i = Math.floor(t), f = t - i, s = f * f * (3 - 2 * f);
  return (hash(i + seed) * (1 - s) + hash(i + 1 + seed) * s) * 2 - 1;
}

const copied = (v) => (isArray(v) ? [...v] : v);
function plainAt(leaf, t) {
  reads.add(leaf);
  if (leaf.at) {
    moves = true;
    if (!isArray(leaf.value?.v)) return leaf.at(t);
    leaf.paths ??= new Map(); // an outline is measured once at a time, however many ask for points on it
    if (!leaf.paths.has(t) && leaf.paths.size < KEPT_PATHS) leaf.paths.set(t, leaf.at(t));
    return leaf.paths.get(t) ?? leaf.at(t);
  }
  if (leaf.samples === undefined) return copied(leaf.value);
  moves = true;
  const model = leaf.root.comp;
  if (leaf.samples.length === 0) throw new RangeError("the composition is too long to evaluate frame by frame");
  const at = clampTo((t - model.start) * model.fps, 0, leaf.samples.length - 1), i = Math.floor(at);
  if (i + 1 >= leaf.samples.length) return leaf.samples[leaf.samples.length - 1];
  return typeof leaf.value === "number" || isArray(leaf.value) ? mix(leaf.samples[i], leaf.samples[i + 1], at - i) : leaf.samples[i];
}
function valueAt(leaf, t) {
  if (!leaf.code || leaf === current?.leaf) return plainAt(leaf, t);
  if (leaf.memo?.has(t)) {
    const kept = leaf.memo.get(t);
    moves ||= kept.moves;
    chancy ||= kept.chancy;
    return copied(kept.value);
  }
  const before = [moves, chancy];
  moves = chancy = false;
  const value = evaluate(leaf, t);
  if (!leaf.memo || leaf.memo.size > MEMO) leaf.memo = new Map();
  leaf.memo.set(t, { value: copied(value), moves, chancy });
  moves ||= before[0];
  chancy ||= before[1];
  return value;
}

function looped(leaf, t, kind, count, before) {
  const keys = leaf.keys;
  if (!keys || keys.length < 2) return plainAt(leaf, t);
  const n = keys.length;
  const first = before || !(count > 0) ? keys[0] : keys[Math.max(0, n - 1 - count)];
  const last = !before || !(count > 0) ? keys[n - 1] : keys[Math.min(n - 1, count)];
  if (before ? t >= first : t <= last) return plainAt(leaf, t);
  const span = last - first;
  const turns = Math.floor((t - first) / span);
  const phase = t - first - turns * span;
  if (kind === "continue") {
    const edge = before ? first : last, step = (before ? 1 : -1) / leaf.root.comp.fps;
    const speed = map2(plainAt(leaf, edge + step), plainAt(leaf, edge), (a, b) => (a - b) / step);
    return map2(plainAt(leaf, edge), speed, (v, s) => v + s * (t - edge));
  }
  if (kind === "pingpong") return plainAt(leaf, turns % 2 ? last - phase : first + phase);
  const value = plainAt(leaf, first + phase);
  if (kind !== "offset") return value;
  return map2(value, map2(plainAt(leaf, last), plainAt(leaf, first), (a, b) => (a - b) * turns), (v, d) => v + d);
}

const pairs = (handles, count) => handles ?? Array.from({ length: count }, () => [0, 0]);
function createPath(points = [[0, 0]], inTangents, outTangents, closed = true) {
  return { v: points.map(flat), i: pairs(inTangents, points.length).map(flat), o: pairs(outTangents, points.length).map(flat), c: Boolean(closed) };
}
const flat = (p) => [Number(p[0]), Number(p[1])];
const PATH_STEPS = 100;
const measures = new WeakMap();
function measured(path) {
  const kept = measures.get(path);
  if (kept) return kept;
  const made = measuredAnew(path);
  measures.set(path, made);
  return made;
}
function measuredAnew(path) {
  const parts = [], count = path.v.length, sides = path.c ? count : count - 1;
  let whole = 0;
  for (let n = 0; n < sides; n++) {
    const a = path.v[n], d = path.v[(n + 1) % count];
    const b = [a[0] + path.o[n][0], a[1] + path.o[n][1]], c = [d[0] + path.i[(n + 1) % count][0], d[1] + path.i[(n + 1) % count][1]];
    const at = (s) => [0, 1].map((k) => a[k] * (1 - s) ** 3 + 3 * b[k] * s * (1 - s) ** 2 + 3 * c[k] * s * s * (1 - s) + d[k] * s ** 3);
    let last = a;
    for (let step = 1; step <= PATH_STEPS; step++) {
      const point = at(step / PATH_STEPS), long = Math.hypot(point[0] - last[0], point[1] - last[1]);
      parts.push({ from: whole, long, a: last, b: point });
      whole += long;
      last = point;
    }
  }
  return { parts, whole };
}
function along(path, share) {
  const { parts, whole } = measured(path), wanted = clampTo(share, 0, 1) * whole;
  let low = 0, high = parts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (parts[middle].from + parts[middle].long >= wanted) high = middle; else low = middle + 1;
  }
  const part = parts[low];
  if (!part) return { point: path.v[0] ?? [0, 0], way: [1, 0] };
  const k = part.long > 0 ? (wanted - part.from) / part.long : 0, long = part.long || 1;
  return { point: mix(part.a, part.b, k), way: [(part.b[0] - part.a[0]) / long, (part.b[1] - part.a[1]) / long] };
}
function pathMethods(leaf) {
  const at = (t) => valueAt(leaf, t ?? now);
  return {
    points: (t) => at(t).v.map(copied), inTangents: (t) => at(t).i.map(copied), outTangents: (t) => at(t).o.map(copied), isClosed: (t) => at(t).c,
    pointOnPath: (share = 0.5, t) => along(at(t), share).point, tangentOnPath: (share = 0.5, t) => along(at(t), share).way,
    normalOnPath: (share = 0.5, t) => { const [x, y] = along(at(t), share).way; return [-y, x]; },
  };
}
function keyOf(leaf, number) {
  const i = Number(number) - 1, keys = leaf.keys ?? [];
  if (!(i in keys)) throw new RangeError("the property has no keyframe " + number);
  reads.add(leaf);
  const value = leaf.keyed ? leaf.keyed(i) : plainAt(leaf, keys[i]);
  const made = { time: keys[i], value, index: i + 1 };
  (isArray(value) ? value : [value]).forEach((part, n) => { made[n] = part; });
  return made;
}
function nearest(leaf, t) {
  reads.add(leaf);
  const keys = leaf.keys ?? [];
  if (keys.length === 0) throw new RangeError("the property has no keyframes");
  let best = 0;
  keys.forEach((key, i) => { if (Math.abs(key - t) < Math.abs(keys[best] - t)) best = i; });
  return keyOf(leaf, best + 1);
}
const BACK = 0.001; // seconds over which a speed is measured, up to the moment asked for, as lottie-web does
function velocityAt(leaf, t) {
  const model = leaf.root.comp;
  if (leaf.value !== null && typeof leaf.value === "object" && !isArray(leaf.value)) return 0;
  if (leaf.samples === undefined) return map2(valueAt(leaf, t), valueAt(leaf, t - BACK), (a, b) => (a - b) / BACK);
  return map2(valueAt(leaf, t + 0.5 / model.fps), valueAt(leaf, t - 0.5 / model.fps), (a, b) => (a - b) * model.fps);
}
function methods(leaf) {
  if (leaf.methods) return leaf.methods;
  leaf.methods = {
    get value() { return valueAt(leaf, now); },
    get name() { return leaf.name; },
    get _name() { return leaf.name; },
    get matchName() { return leaf.match; },
    get propertyIndex() { return leaf.index; },
    get numKeys() { reads.add(leaf); return leaf.keys ? leaf.keys.length : 0; },
    get velocity() { return velocityAt(leaf, now); },
    get speed() { const v = velocityAt(leaf, now); return isArray(v) ? Math.hypot(...v) : v; },
    valueAtTime: (t) => { moves = true; return valueAt(leaf, Number(t)); },
    key: (i) => keyOf(leaf, i),
    nearestKey: (t) => nearest(leaf, Number(t)),
    velocityAtTime: (t) => { moves = true; return velocityAt(leaf, Number(t)); },
    speedAtTime: (t) => { moves = true; const v = velocityAt(leaf, Number(t)); return isArray(v) ? Math.hypot(...v) : v; },
    smooth: (width = 0.2, samples = 5, t = now) => {
      moves = true;
      const count = clampTo(Math.floor(samples), 1, 100), step = count > 1 ? width / (count - 1) : 0;
      let sum = null;
      for (let n = 0; n < count; n++) { const v = plainAt(leaf, t - (count > 1 ? width / 2 : 0) + n * step); sum = sum === null ? v : map2(sum, v, (a, b) => a + b); }
      return map2(sum, count, (a) => a / count);
    },
    propertyGroup: (levels = 1) => { let node = leaf; while (levels-- > 0) node = node.above; return group(node); },
    loopOut: (kind = "cycle", count = 0) => { reads.add(leaf); return looped(leaf, now, kind, count, false); },
    loopIn: (kind = "cycle", count = 0) => { reads.add(leaf); return looped(leaf, now, kind, count, true); },
    loopOutDuration: (kind = "cycle") => looped(leaf, now, kind, 0, false),
    loopInDuration: (kind = "cycle") => looped(leaf, now, kind, 0, true),
    wiggle: (freq, amount, octaves = 1, fade = 0.5, t = now) => {
      moves = chancy = true;
      const base = plainAt(leaf, t), loud = clampTo(Math.floor(octaves), 1, 12);
      const swing = (dimension) => {
        let sum = 0, size = 1, speed = Number(freq);
        for (let o = 0; o < loud; o++) { sum += size * noise(t * speed, leaf.seed + dimension * 131 + o * WIGGLE_OCTAVE_SEED); size *= fade; speed *= 2; }
        return sum * amount;
      };
      return isArray(base) ? base.map((v, d) => (d < 2 ? v + swing(d) : v)) : base + swing(0);
    },
  };
  return leaf.methods;
}
function shown(leaf) {
  const value = valueAt(leaf, now);
  if (leaf.facts) return leaf.facts(value);
  if (value !== null && typeof value === "object" && isArray(value.v)) {
    return Object.defineProperties({ ...value }, Object.getOwnPropertyDescriptors({ ...pathMethods(leaf), propertyGroup: methods(leaf).propertyGroup }));
  }
  if (isArray(value)) return Object.defineProperties([...value], Object.getOwnPropertyDescriptors(methods(leaf)));
  if (typeof value === "number") {
    if (value === 0 || !leaf.keys) return value;
    return Object.defineProperties(new Number(value), Object.getOwnPropertyDescriptors(methods(leaf)));
  }
  if (typeof value === "string") return Object.defineProperties(new String(value), Object.getOwnPropertyDescriptors(methods(leaf)));
  return value;
}
Object.defineProperty(Number.prototype, "value", { get() { return Number(this); } });
Number.prototype.valueAtTime = function () { return Number(this); };
Object.defineProperty(Number.prototype, "numKeys", { get() { return 0; } });

const NAMES = {
  transform: "ADBE Transform Group", effect: "ADBE Effect Parade", mask: "ADBE Mask Parade", text: "ADBE Text Properties",
  sourceText: "ADBE Text Document", anchorPoint: "ADBE Anchor Point", position: "ADBE Position", scale: "ADBE Scale",
  rotation: "ADBE Rotate Z", zRotation: "ADBE Rotate Z", xRotation: "ADBE Rotate X", yRotation: "ADBE Rotate Y", opacity: "ADBE Opacity",
  orientation: "ADBE Orientation", xPosition: "ADBE Position_0", yPosition: "ADBE Position_1", zPosition: "ADBE Position_2",
  timeRemap: "ADBE Time Remapping",
};
const spelled = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
function find(node, key) {
  if (typeof key === "number" || key instanceof Number) {
    const number = Number(key);
    return node.numbered?.[number] ?? node.props.find((p) => p.ix === number) ?? node.props[number - 1];
  }
  const wanted = String(key);
  return node.props.find((p) => p.name === wanted || p.match === wanted);
}
function wrap(node, what) {
  if (node === undefined) throw new ReferenceError("no property " + what);
  return node.props ? group(node) : shown(node);
}
const groups = new Map();
function group(node) {
  if (groups.has(node)) return groups.get(node);
  const call = (key) => wrap(find(node, key), key);
  const made = new Proxy(call, {
    get(_, key) {
      if (typeof key === "symbol") return undefined;
      if (key === "propertyIndex") return node.index;
      if (key === "numProperties") return node.props.length;
      if (key === "name" || key === "_name") return node.name;
      if (key === "matchName") return node.match;
      if (key === "propertyGroup") return (levels = 1) => { let at = node; while (levels-- > 0) at = at.above; return group(at); };
      if (key === "property" || key === "param") return call;
      if (key === "content") {
        const inner = node.layer ? node.props.find((p) => p.match === "ADBE Root Vectors Group") : node.props.find((p) => p.match === "ADBE Vectors Group") ?? node;
        return (name) => wrap(find(inner, name), name);
      }
      if (node.layer) {
        const own = layerFact(node, key);
        if (own !== undefined) return own;
        if (["effect", "mask"].includes(key)) return (name) => wrap(find(node.props.find((p) => p.match === NAMES[key]), name), name);
        const direct = node.props.find((p) => p.match === NAMES[key]);
        if (direct) return wrap(direct, key);
        const moved = node.props.find((p) => p.match === "ADBE Transform Group")?.props.find((p) => p.match === NAMES[key]);
        if (moved) return shown(moved);
      }
      const listed = (list) => list.find((p) => p.match === NAMES[key]) ?? list.find((p) => spelled(p.name) === spelled(key));
      const inner = node.props.find((p) => p.match === "ADBE Vector Transform Group");
      return wrap(listed(node.props) ?? (key === "transform" ? inner : undefined), key);
    },
  });
  groups.set(node, made);
  return made;
}
const still = (node, match, fallback) => {
  const leaf = node.props.find((p) => p.match === NAMES.transform)?.props.find((p) => p.match === match);
  return leaf ? valueAt(leaf, now) : fallback;
};
// A plane's matrix is [a, b, c, d, x, y]: x' = a x + c y + x.
const joined = (m, n) => [
  m[0] * n[0] + m[2] * n[1], m[1] * n[0] + m[3] * n[1], m[0] * n[2] + m[2] * n[3], m[1] * n[2] + m[3] * n[3],
  m[0] * n[4] + m[2] * n[5] + m[4], m[1] * n[4] + m[3] * n[5] + m[5],
];
function placeOf(node, levels = 0) {
  const [px, py] = still(node, "ADBE Position", [0, 0]), [ax, ay] = still(node, "ADBE Anchor Point", [0, 0]);
  const scale = still(node, "ADBE Scale", [100, 100]).map((s) => s / 100), turn = (still(node, "ADBE Rotate Z", 0) * Math.PI) / 180;
  const own = [Math.cos(turn) * scale[0], Math.sin(turn) * scale[0], -Math.sin(turn) * scale[1], Math.cos(turn) * scale[1], px, py];
  const made = joined(own, [1, 0, 0, 1, -ax, -ay]);
  const above = node.layer.parent > 0 && levels < MAX_DEPTH ? node.comp.byIndex(node.layer.parent) : undefined;
  return above ? joined(placeOf(above, levels + 1), made) : made;
}
function toward(node, point, inverse, moved) {
  const [a, b, c, d, x, y] = placeOf(node), at = [Number(point[0]), Number(point[1])];
  const rest = point.length > 2 ? [Number(point[2])] : [];
  if (!inverse) return [a * at[0] + c * at[1] + moved * x, b * at[0] + d * at[1] + moved * y, ...rest];
  const size = a * d - b * c || 1, u = at[0] - moved * x, v = at[1] - moved * y;
  return [(d * u - c * v) / size, (a * v - b * u) / size, ...rest];
}
function atTime(t, f) {
  const kept = now;
  if (t !== undefined) { now = Number(t); moves = true; }
  try { return f(); } finally { now = kept; }
}
function layerFact(node, key) {
  const l = node.layer;
  switch (key) {
    case "index": return l.index;
    case "inPoint": return l.inPoint;
    case "outPoint": return l.outPoint;
    case "startTime": return l.startTime;
    case "width": return l.width;
    case "height": return l.height;
    case "active": moves = true; return now >= l.inPoint && now < l.outPoint;
    case "enabled": return true;
    case "hasParent": return l.parent > 0;
    case "parent": { const above = node.comp.byIndex(l.parent); return above ? group(above) : null; }
    case "marker": return markersOf(node);
    case "source": return { width: l.width, height: l.height, name: l.name };
    case "toComp": case "toWorld": return (p, t) => atTime(t, () => toward(node, p, false, 1));
    case "fromComp": case "fromWorld": case "fromCompToSurface": return (p, t) => atTime(t, () => toward(node, p, true, 1));
    case "toCompVec": case "toWorldVec": return (p, t) => atTime(t, () => toward(node, p, false, 0));
    case "fromCompVec": case "fromWorldVec": return (p, t) => atTime(t, () => toward(node, p, true, 0));
    case "sourceRectAtTime": return () => {
      if (l.rect) return { ...l.rect };
      if (!l.framed) throw new TypeError("the bounds of a layer without a size of its own are not known");
      return { top: 0, left: 0, width: l.width, height: l.height };
    };
    default: return undefined;
  }
}
// Markers, of a layer or a composition: [{time, comment, duration}], in the order of their times.
function markersOf(holder) {
  const marks = holder.markers ?? [];
  const marker = (i) => {
    if (!(i in marks)) throw new RangeError("no marker " + (i + 1));
    return { index: i + 1, time: marks[i].time, comment: marks[i].comment, duration: marks[i].duration };
  };
  const key = (which) => marker(typeof which === "string" ? marks.findIndex((m) => m.comment === which) : Number(which) - 1);
  const nearestKey = (t) => marker(marks.reduce((best, m, i) => (best < 0 || Math.abs(m.time - t) < Math.abs(marks[best].time - t) ? i : best), -1));
  return { numKeys: marks.length, key, nearestKey };
}
function compObject(comp) {
  comp.made ??= {
    layer: (key, by = 0) => {
      if (typeof key === "function") return group(comp.byIndex(key.index + by));
      const node = typeof key === "number" || key instanceof Number ? comp.byIndex(Number(key)) : comp.layers.find((l) => l.name === String(key));
      if (!node) throw new ReferenceError("no layer " + key);
      return group(node);
    },
    width: comp.width, height: comp.height, duration: comp.duration, frameDuration: 1 / comp.fps, name: comp.name, _name: comp.name,
    numLayers: comp.layers.length, displayStartTime: 0, pixelAspect: 1,
    get marker() { return markersOf(comp); },
  };
  return comp.made;
}

function between(shape) {
  return (t, ...rest) => {
    const [low, high, a, b] = rest.length === 2 ? [0, 1, ...rest] : rest;
    if (high === low) return t < low ? a : b;
    return mix(a, b, shape(clampTo((t - low) / (high - low), 0, 1)));
  };
}
const curve = (x1, x2) => (x) => {
  // A Bezier with level ends, as both eases have.
  let low = 0, high = 1;
  for (let i = 0; i < 40; i++) {
    const s = (low + high) / 2, at = 3 * s * (1 - s) ** 2 * x1 + 3 * s * s * (1 - s) * x2 + s ** 3;
    if (at < x) low = s; else high = s;
  }
  const s = (low + high) / 2;
  return { s };
};
const eased = (x1, y1, x2, y2) => (x) => { const { s } = curve(x1, x2)(x); return 3 * s * (1 - s) ** 2 * y1 + 3 * s * s * (1 - s) * y2 + s ** 3; };
function rgbToHsl([r, g, b, a = 1]) {
  const high = Math.max(r, g, b), low = Math.min(r, g, b), l = (high + low) / 2, d = high - low;
  if (d === 0) return [0, 0, l, a];
  const s = l > 0.5 ? d / (2 - high - low) : d / (high + low);
  const h = high === r ? (g - b) / d + (g < b ? 6 : 0) : high === g ? (b - r) / d + 2 : (r - g) / d + 4;
  return [h / 6, s, l, a];
}
function hslToRgb([h, s, l, a = 1]) {
  const f = (n) => { const k = (n + h * 12) % 12; return l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1)); };
  return [f(0), f(8), f(4), a];
}
const length = (a, b) => (isArray(a) ? Math.hypot(...(isArray(b) ? a.map((x, i) => x - (b[i] ?? 0)) : a)) : Math.abs(a - (b ?? 0)));

// What Bodymovin writes for + - * / %: numbers to numbers, a number and the first part of a vector, vectors part by part.
const plainNumber = (v) => (v instanceof Number || v instanceof String || v instanceof Boolean ? v.valueOf() : v);
function bothParts(a, b, f) {
  a = plainNumber(a);
  b = plainNumber(b);
  if (isArray(a) && isArray(b)) return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (i in a && i in b ? f(a[i], b[i]) : a[i] ?? b[i]));
  if (isArray(a)) return a.map((x, i) => (i === 0 ? f(x, b) : x));
  if (isArray(b)) return b.map((x, i) => (i === 0 ? f(a, x) : x));
  return f(a, b);
}
const sum = (a, b) => (typeof plainNumber(a) === "string" || typeof plainNumber(b) === "string" ? String(a) + String(b) : bothParts(a, b, (x, y) => x + y));
const sub = (a, b) => bothParts(a, b, (x, y) => x - y);
const mul = (a, b) => (isArray(a) ? a.map((x) => x * b) : isArray(b) ? b.map((x) => a * x) : a * b);
const div = (a, b) => (isArray(a) ? a.map((x) => x / b) : isArray(b) ? b.map((x) => a / x) : a / b);
const mod = (a, b) => a % b;
const neg = (a) => (isArray(a) ? a.map((x) => -x) : -a);

const LANGUAGE = {
  linear: between((x) => x), ease: between(eased(0.33, 0, 0.67, 1)),
  easeIn: between(eased(0.33, 0, 0.67, 0.67)), easeOut: between(eased(0.33, 0.33, 0.67, 1)),
  clamp: (v, low, high) => map2(v, 0, (x) => clampTo(x, Math.min(low, high), Math.max(low, high))),
  length, normalize: (a) => { const l = length(a); return a.map((x) => x / l); }, dot: (a, b) => a.reduce((s, x, i) => s + x * b[i], 0),
  cross: (a, b) => [a[1] * (b[2] ?? 0) - (a[2] ?? 0) * b[1], (a[2] ?? 0) * b[0] - a[0] * (b[2] ?? 0), a[0] * b[1] - a[1] * b[0]],
  degreesToRadians: (d) => (d * Math.PI) / 180, radiansToDegrees: (r) => (r * 180) / Math.PI,
  rgbToHsl, hslToRgb, createPath,
};
const OPERATORS = { $bm_sum: sum, $bm_sub: sub, $bm_mul: mul, $bm_div: div, $bm_mod: mod, $bm_neg: neg };
const VECTORS = { ...OPERATORS, add: (a, b) => map2(a, b, (x, y) => x + y), sub: (a, b) => map2(a, b, (x, y) => x - y), mul: (a, b) => map2(a, b, (x, y) => x * y), div: (a, b) => map2(a, b, (x, y) => x / y) };
const BODYMOVIN = {
  ...OPERATORS, sum, add: sum, sub, mul, div, mod,
  $bm_isInstanceOfArray: isArray, radians_to_degrees: LANGUAGE.radiansToDegrees, degrees_to_radians: LANGUAGE.degreesToRadians,
};
const OF_LAYER = ["transform", "effect", "mask", "text", "content", "position", "scale", "rotation", "opacity", "anchorPoint", "inPoint", "outPoint", "startTime",
  "width", "height", "parent", "hasParent", "active", "source", "toComp", "fromComp", "fromCompToSurface", "toWorld", "fromWorld", "toCompVec", "fromCompVec", "sourceRectAtTime", "marker"];
const OF_PROPERTY = ["wiggle", "loopIn", "loopOut", "loopInDuration", "loopOutDuration", "valueAtTime", "key", "nearestKey", "propertyGroup", "velocityAtTime",
  "speedAtTime", "smooth", "points", "inTangents", "outTangents", "isClosed", "pointOnPath", "tangentOnPath", "normalOnPath"];
function named(holder, name, get) {
  Object.defineProperty(holder, name, {
    get,
    set(v) { Object.defineProperty(this, name, { value: v, writable: true, enumerable: true, configurable: true }); },
    configurable: true,
  });
}
function scopeOf(leaf) {
  // What an expression's names mean; each evaluation writes into an object of its own above it.
  const own = methods(leaf), comp = leaf.root.comp, here = group(leaf.root);
  const scope = Object.assign(Object.create(null), LANGUAGE, comp.bodymovin ? BODYMOVIN : VECTORS, {
    thisComp: compObject(comp), thisLayer: here, index: leaf.root.layer.index, name: leaf.root.name, _name: leaf.root.name,
    comp: (name) => { const other = comp.other?.(String(name)); if (!other) throw new ReferenceError("no composition " + name); return compObject(other); },
    framesToTime: (f) => f / comp.fps,
    timeToFrames: (s) => { if (s === undefined) moves = true; return Math.round((s ?? now) * comp.fps); },
    posterizeTime: (fps) => { moves = true; now = Math.floor(now * fps) / fps; delete current.names.value; delete current.names.time; },
    seedRandom: (seed, timeless = false) => { current.chance = seed * 1009 + (timeless ? 0 : Math.round(now * comp.fps)); },
    random: (a = 1, b) => {
      moves = chancy = true;
      const [low, high] = b === undefined ? [map2(a, 0, () => 0), a] : [a, b];
      return map2(low, high, (x, y) => x + (y - x) * hash(leaf.seed + Math.round(now * comp.fps) * 31 + ++current.chance));
    },
    noise: (v) => noise(isArray(v) ? v[0] : v, leaf.seed),
  });
  scope.gaussRandom = scope.random;
  const path = leaf.value !== null && typeof leaf.value === "object" && isArray(leaf.value.v);
  const held = path ? Object.assign(Object.create(own), pathMethods(leaf)) : own;
  scope.thisProperty = held;
  for (const name of OF_PROPERTY) if (held[name]) scope[name] = held[name];
  scope.loop_in = own.loopIn;
  scope.loop_out = own.loopOut;
  named(scope, "numKeys", () => own.numKeys);
  named(scope, "velocity", () => own.velocity);
  named(scope, "speed", () => own.speed);
  named(scope, "time", () => { moves = true; return now; });
  named(scope, "value", function () { return (this.value = path ? { ...plainAt(leaf, now), ...pathMethods(leaf) } : plainAt(leaf, now)); });
  for (const name of OF_LAYER) named(scope, name, () => here[name]);
  return scope;
}

function evaluate(leaf, t) {
  if (++depth > MAX_DEPTH || leaf.busy) {
    depth--;
    if (leaf.busy && leaf.root.comp.bodymovin) return plainAt(leaf, t);
    throw new RangeError("expressions refer to each other");
  }
  if (++evaluations > MAX_EVALUATIONS) throw new RangeError("the expressions take too long");
  const kept = [current, now];
  leaf.scope ??= scopeOf(leaf);
  current = { leaf, names: Object.create(leaf.scope), chance: 0 };
  now = t;
  leaf.busy = true;
  try {
    leaf.run ??= compiled(leaf.code);
    return settled(leaf.run(current.names), leaf);
  } finally {
    leaf.busy = false;
    [current, now] = kept;
    depth--;
  }
}
const evaluated = new Function("names", "__code", "with (names) { return eval(__code); }");
function compiled(code) {
  if (/\$bm_rt\b/.test(code)) return new Function("names", "with (names) {\n" + code + "\n;return $bm_rt;\n}");
  return (names) => evaluated(names, code);
}

const MAX_POINTS = 2000;
function settledPath(result) {
  const path = result;
  const sound = path !== null && typeof path === "object" && [path.v, path.i, path.o].every((part) => isArray(part) && part.length === path.v.length && part.every(isArray));
  if (!sound || path.v.length > MAX_POINTS) throw new TypeError("the expression gives no path");
  const made = createPath(path.v, path.i, path.o, path.c);
  if (![...made.v, ...made.i, ...made.o].flat().every(Number.isFinite)) throw new TypeError("the expression gives no path");
  return made;
}
function settled(result, leaf) {
  if (leaf.value !== null && typeof leaf.value === "object" && isArray(leaf.value.v)) return settledPath(result);
  const plain = typeof result === "function" ? undefined : result instanceof Number || result instanceof String ? result.valueOf() : isArray(result) ? [...result].map(Number) : result;
  const wanted = leaf.value;
  if (typeof wanted === "string") {
    if (plain === undefined || plain === null) throw new TypeError("the expression gives no text");
    return String(plain);
  }
  const given = typeof plain === "boolean" ? Number(plain) : plain;
  if (isArray(wanted)) {
    const made = typeof given === "number" ? [given, ...wanted.slice(1)] : given;
    if (!isArray(made) || !made.every(Number.isFinite)) throw new TypeError("the expression gives no numbers");
    return wanted.map((v, i) => made[i] ?? v);
  }
  const number = isArray(given) ? given[0] : typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof number !== "number" || !Number.isFinite(number)) throw new TypeError("the expression gives no number");
  return number;
}

function linked(node, above, root) {
  node.above = above;
  node.root = root;
  (node.props ?? []).forEach((part, i) => { part.index = part.ix ?? i + 1; linked(part, node, root); });
}
function wantedLeaves(comp) {
  const found = [];
  const visit = (node) => { if (node.props) node.props.forEach(visit); else if (node.code && node.id !== undefined) found.push(node); };
  comp.layers.forEach(visit);
  return found;
}
function framesOf(leaf, comp) {
  moves = chancy = false;
  const first = evaluate(leaf, comp.start);
  if (!moves) return [first];
  if (comp.frames > comp.limit) throw new RangeError("the composition is too long to evaluate frame by frame");
  const values = [first];
  for (let i = 1; i < comp.frames; i++) {
    values.push(evaluate(leaf, comp.start + i / comp.fps));
  }
  const same = JSON.stringify(first);
  return values.every((v) => JSON.stringify(v) === same) ? [first] : values;
}
function refused(error) {
  depth = 0;
  current = null;
  return { error: String(error).slice(0, 200) };
}
