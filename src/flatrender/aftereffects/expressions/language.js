// The part of After Effects' expression language that is evaluated (https://ae-expressions.docsforadobe.dev). Times are seconds of the composition.

const WIGGLE_OCTAVE_SEED = 7919;
let model = null;
let now = 0;
let current = null;
let depth = 0;
let moves = false; // whether the evaluation looked at anything that changes over time

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

function plainAt(leaf, t) {
  if (leaf.samples === undefined) return leaf.value;
  moves = true;
  if (leaf.samples.length === 0) throw new RangeError("the composition is too long to evaluate frame by frame");
  const at = clampTo((t - model.start) * model.fps, 0, leaf.samples.length - 1), i = Math.floor(at);
  if (i + 1 >= leaf.samples.length) return leaf.samples[leaf.samples.length - 1];
  return typeof leaf.value === "number" || isArray(leaf.value) ? mix(leaf.samples[i], leaf.samples[i + 1], at - i) : leaf.samples[i];
}
function valueAt(leaf, t) {
  if (!leaf.code || leaf === current?.leaf) return plainAt(leaf, t);
  return evaluate(leaf, t);
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
    const edge = before ? first : last, step = (before ? 1 : -1) / model.fps;
    const speed = map2(plainAt(leaf, edge + step), plainAt(leaf, edge), (a, b) => (a - b) / step);
    return map2(plainAt(leaf, edge), speed, (v, s) => v + s * (t - edge));
  }
  if (kind === "pingpong") return plainAt(leaf, turns % 2 ? last - phase : first + phase);
  const value = plainAt(leaf, first + phase);
  if (kind !== "offset") return value;
  return map2(value, map2(plainAt(leaf, last), plainAt(leaf, first), (a, b) => (a - b) * turns), (v, d) => v + d);
}

function methods(leaf) {
  return {
    get value() { return valueAt(leaf, now); },
    get name() { return leaf.name; },
    get matchName() { return leaf.match; },
    get propertyIndex() { return leaf.index; },
    get numKeys() { return leaf.keys ? leaf.keys.length : 0; },
    valueAtTime: (t) => valueAt(leaf, t),
    key: (i) => ({ time: leaf.keys[i - 1], value: plainAt(leaf, leaf.keys[i - 1]), index: i }),
    velocityAtTime: (t) => map2(valueAt(leaf, t + 0.5 / model.fps), valueAt(leaf, t - 0.5 / model.fps), (a, b) => (a - b) * model.fps),
    propertyGroup: (levels = 1) => { let node = leaf; while (levels-- > 0) node = node.above; return group(node); },
    loopOut: (kind = "cycle", count = 0) => looped(leaf, now, kind, count, false),
    loopIn: (kind = "cycle", count = 0) => looped(leaf, now, kind, count, true),
    loopOutDuration: (kind = "cycle") => looped(leaf, now, kind, 0, false),
    loopInDuration: (kind = "cycle") => looped(leaf, now, kind, 0, true),
    wiggle: (freq, amount, octaves = 1, fade = 0.5, t = now) => {
      moves = true;
      const base = plainAt(leaf, t);
      const swing = (dimension) => {
        let sum = 0, size = 1, speed = freq;
        for (let o = 0; o < octaves; o++) { sum += size * noise(t * speed, leaf.seed + dimension * 131 + o * WIGGLE_OCTAVE_SEED); size *= fade; speed *= 2; }
        return sum * amount;
      };
      return isArray(base) ? base.map((v, d) => (d < 2 ? v + swing(d) : v)) : base + swing(0);
    },
  };
}
function shown(leaf) {
  const value = valueAt(leaf, now);
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
  if (typeof key === "number" || key instanceof Number) return node.props[Number(key) - 1];
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
      if (key === "name") return node.name;
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
    case "hasParent": return l.parent > 0;
    case "parent": return group(model.layers[l.parent - 1]);
    case "source": return { width: l.width, height: l.height, name: l.name };
    default: return undefined;
  }
}
function compObject() {
  return {
    layer: (key, by = 0) => {
      if (typeof key === "function") return group(model.layers[key.index + by - 1]);
      const node = typeof key === "number" ? model.layers[key - 1] : model.layers.find((l) => l.name === String(key));
      if (!node) throw new ReferenceError("no layer " + key);
      return group(node);
    },
    width: model.width, height: model.height, duration: model.duration, frameDuration: 1 / model.fps, name: model.name,
    numLayers: model.layers.length, displayStartTime: 0,
  };
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
const length = (a, b) => Math.hypot(...(b === undefined ? a : a.map((x, i) => x - b[i])));

function evaluate(leaf, t) {
  if (++depth > 12) throw new RangeError("expressions refer to each other");
  const kept = [current, now];
  current = { leaf };
  now = t;
  try {
    let chance = 0;
    const own = methods(leaf);
    const here = group(leaf.root);
    const scope = {
      value: plainAt(leaf, t), thisComp: compObject(), thisLayer: here,
      thisProperty: own, index: leaf.root.layer.index, name: leaf.root.name,
      linear: between((x) => x), ease: between(eased(0.33, 0, 0.67, 1)),
      easeIn: between(eased(0.33, 0, 0.67, 0.67)), easeOut: between(eased(0.33, 0.33, 0.67, 1)),
      clamp: (v, low, high) => (isArray(v) ? v.map((x) => clampTo(x, low, high)) : clampTo(v, low, high)),
      add: (a, b) => map2(a, b, (x, y) => x + y), sub: (a, b) => map2(a, b, (x, y) => x - y),
      mul: (a, b) => map2(a, b, (x, y) => x * y), div: (a, b) => map2(a, b, (x, y) => x / y),
      length, normalize: (a) => a.map((x) => x / length(a)), dot: (a, b) => a.reduce((s, x, i) => s + x * b[i], 0),
      degreesToRadians: (d) => (d * Math.PI) / 180, radiansToDegrees: (r) => (r * 180) / Math.PI,
      timeToFrames: (s = scope.time) => Math.round(s * model.fps), framesToTime: (f) => f / model.fps,
      rgbToHsl, hslToRgb,
      posterizeTime: (fps) => { moves = true; now = Math.floor(t * fps) / fps; scope.time = now; scope.value = plainAt(leaf, now); },
      seedRandom: (seed, timeless = false) => { chance = seed * 1009 + (timeless ? 0 : Math.round(t * model.fps)); },
      random: (a = 1, b) => { moves = true; const [low, high] = b === undefined ? [0, a] : [a, b]; return low + (high - low) * hash(leaf.seed + Math.round(t * model.fps) * 31 + ++chance); },
      noise: (v) => noise(isArray(v) ? v[0] : v, leaf.seed),
    };
    for (const name of ["wiggle", "loopIn", "loopOut", "loopInDuration", "loopOutDuration", "valueAtTime", "key", "propertyGroup", "velocityAtTime"]) scope[name] = own[name];
    scope.numKeys = own.numKeys;
    let clock = t;
    Object.defineProperty(scope, "time", { get() { moves = true; return clock; }, set(v) { clock = v; } });
    for (const name of ["transform", "effect", "mask", "text", "content", "position", "scale", "rotation", "opacity", "anchorPoint", "inPoint", "outPoint", "startTime", "width", "height", "parent", "hasParent"]) {
      Object.defineProperty(scope, name, { get: () => here[name], set(v) { Object.defineProperty(scope, name, { value: v, writable: true }); }, configurable: true });
    }
    const names = new Proxy(scope, {
      has: (s, key) => typeof key === "string" && (key in s || !(key in globalThis)) && key !== "__code",
      get(s, key) { if (typeof key === "symbol") return undefined; if (!(key in s)) throw new ReferenceError(key + " is not known"); return s[key]; },
    });
    return settled(run(names, leaf.code), leaf);
  } finally {
    [current, now] = kept;
    depth--;
  }
}
const run = new Function("names", "__code", "with (names) { return eval(__code); }");

function settled(result, leaf) {
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
  (node.props ?? []).forEach((part, i) => { part.index = i + 1; linked(part, node, root); });
}
function load(text) {
  model = JSON.parse(text);
  for (const layer of model.layers) linked(layer, layer, layer);
}
function wantedLeaves() {
  const found = [];
  const visit = (node) => { if (node.props) node.props.forEach(visit); else if (node.code) found.push(node); };
  model.layers.forEach(visit);
  return found;
}
function answer(limit) {
  const until = Date.now() + limit;
  const out = {};
  for (const leaf of wantedLeaves()) {
    try {
      moves = false;
      const values = [evaluate(leaf, model.start)];
      if (moves && model.frames > model.limit) throw new RangeError("the composition is too long to evaluate frame by frame");
      for (let i = 1; moves && i < model.frames; i++) {
        values.push(evaluate(leaf, model.start + i / model.fps));
        if (Date.now() > until) throw new RangeError("the expressions take too long");
      }
      const first = JSON.stringify(values[0]);
      out[leaf.id] = { values: values.every((v) => JSON.stringify(v) === first) ? [values[0]] : values };
    } catch (error) {
      depth = 0; current = null;
      out[leaf.id] = { error: String(error).slice(0, 200) };
    }
  }
  return JSON.stringify(out);
}
