// An animation as Bodymovin writes it: its layers, shapes and effects become the property trees that expressions walk.

const TRANSFORM = [
  ["a", "Anchor Point", "ADBE Anchor Point"], ["p", "Position", "ADBE Position"], ["s", "Scale", "ADBE Scale"], ["r", "Rotation", "ADBE Rotate Z"],
  ["o", "Opacity", "ADBE Opacity"], ["rx", "X Rotation", "ADBE Rotate X"], ["ry", "Y Rotation", "ADBE Rotate Y"], ["rz", "Z Rotation", "ADBE Rotate Z"],
  ["or", "Orientation", "ADBE Orientation"], ["sk", "Skew", "ADBE Skew"], ["sa", "Skew Axis", "ADBE Skew Axis"],
];
const IN_GROUP = [
  ["a", "Anchor Point", "ADBE Vector Anchor"], ["p", "Position", "ADBE Vector Position"], ["s", "Scale", "ADBE Vector Scale"], ["sk", "Skew", "ADBE Vector Skew"],
  ["sa", "Skew Axis", "ADBE Vector Skew Axis"], ["r", "Rotation", "ADBE Vector Rotation"], ["o", "Opacity", "ADBE Vector Group Opacity"],
  ["so", "Start Opacity", "ADBE Vector Repeater Opacity 1"], ["eo", "End Opacity", "ADBE Vector Repeater Opacity 2"],
];
const PAINTED = [["c", "Color", "Color"], ["o", "Opacity", "Opacity"], ["w", "Stroke Width", "Stroke Width"], ["ml", "Miter Limit", "Miter Limit"]];
const SHADED = [["o", "Opacity", "Opacity"], ["s", "Start Point", "Grad Start Pt"], ["e", "End Point", "Grad End Pt"], ["h", "Highlight Length", "Grad HiLite Length"],
  ["a", "Highlight Angle", "Grad HiLite Angle"], ["w", "Stroke Width", "Stroke Width"]];
const ITEMS = {
  rc: ["Shape - Rect", [["d", "Direction", "Shape Direction"], ["p", "Position", "Rect Position"], ["s", "Size", "Rect Size"], ["r", "Roundness", "Rect Roundness"]]],
  el: ["Shape - Ellipse", [["p", "Position", "Ellipse Position"], ["s", "Size", "Ellipse Size"]]],
  sr: ["Shape - Star", [["pt", "Points", "Star Points"], ["p", "Position", "Star Position"], ["r", "Rotation", "Star Rotation"], ["ir", "Inner Radius", "Star Inner Radius"],
    ["or", "Outer Radius", "Star Outer Radius"], ["is", "Inner Roundness", "Star Inner Roundess"], ["os", "Outer Roundness", "Star Outer Roundess"]]],
  sh: ["Shape - Group", [["ks", "Path", "Shape"]]],
  fl: ["Graphic - Fill", PAINTED], st: ["Graphic - Stroke", PAINTED], gf: ["Graphic - G-Fill", SHADED], gs: ["Graphic - G-Stroke", SHADED],
  tm: ["Filter - Trim", [["s", "Start", "Trim Start"], ["e", "End", "Trim End"], ["o", "Offset", "Trim Offset"]]],
  rd: ["Filter - RC", [["r", "Radius", "RoundCorner Radius"]]],
  rp: ["Filter - Repeater", [["c", "Copies", "Repeater Copies"], ["o", "Offset", "Repeater Offset"]]],
  op: ["Filter - Offset", [["a", "Amount", "Offset Amount"]]],
  pb: ["Filter - PB", [["a", "Amount", "PuckerBloat Amount"]]],
  zz: ["Filter - Zigzag", [["s", "Size", "Zigzag Size"], ["r", "Ridges per segment", "Zigzag Detail"]]],
  tw: ["Filter - Twist", [["a", "Angle", "Twist Angle"], ["c", "Center", "Twist Center"]]],
};
const EFFECT_GROUP = 5, LAYER_CONTROL = 10;
const SEGMENTS = 150;

const numberOf = (v) => (isArray(v) && v.length === 1 && typeof v[0] === "number" ? v[0] : v);
const plainValue = (v) => (v !== null && typeof v === "object" && !isArray(v) && isArray(v.v) ? { v: v.v, i: v.i, o: v.o, c: v.c !== false } : v);
function handleOf(frame, part) {
  const one = (handle, axis, otherwise) => {
    const v = frame[handle]?.[axis];
    return typeof v === "number" ? v : isArray(v) && v.length ? v[Math.min(part, v.length - 1)] : otherwise;
  };
  return [one("o", "x", 0), one("o", "y", 0), one("i", "x", 1), one("i", "y", 1)];
}
function share(frame, part, x) {
  const [x1, y1, x2, y2] = handleOf(frame, part);
  return x1 === y1 && x2 === y2 ? x : eased(x1, y1, x2, y2)(x);
}
function curved(frame, start, end) {
  if (frame.way) return frame.way;
  const parts = start.map((v, k) => [v, v + (frame.to[k] ?? 0), end[k] + (frame.ti[k] ?? 0), end[k]]);
  const points = [];
  let whole = 0;
  for (let n = 0; n <= SEGMENTS; n++) {
    const s = n / SEGMENTS;
    const point = parts.map(([a, b, c, d]) => a * (1 - s) ** 3 + 3 * b * s * (1 - s) ** 2 + 3 * c * s * s * (1 - s) + d * s ** 3);
    if (n > 0) whole += Math.hypot(...point.map((v, k) => v - points[n - 1].point[k]));
    points.push({ point, whole });
  }
  frame.way = { points, whole };
  return frame.way;
}
function onCurve({ points, whole }, part) {
  const wanted = part * whole;
  let n = points.findIndex((p) => p.whole >= wanted);
  if (n < 0) n = points.length - 1;
  if (n === 0) return [...points[0].point];
  const long = points[n].whole - points[n - 1].whole;
  return mix(points[n - 1].point, points[n].point, long > 0 ? (wanted - points[n - 1].whole) / long : 1);
}
function keyed(frames, values, ends, at) {
  if (at <= frames[0].t) return copied(values[0]);
  let low = 0, high = frames.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (frames[middle].t <= at) low = middle; else high = middle - 1;
  }
  if (low === frames.length - 1) return copied(values[low]);
  const frame = frames[low], start = values[low], end = ends[low];
  if (frame.h === 1 || end === undefined) return copied(start);
  const x = (at - frame.t) / (frames[low + 1].t - frame.t);
  if (typeof start === "number") return start + (numberOf(end) - start) * share(frame, 0, x);
  if (isArray(start)) {
    if (isArray(frame.to) && isArray(frame.ti) && isArray(end)) return onCurve(curved(frame, start, end), share(frame, 0, x));
    return start.map((v, part) => v + ((end[part] ?? v) - v) * share(frame, part, x));
  }
  if (start !== null && typeof start === "object" && isArray(start.v) && end.v.length === start.v.length) {
    const part = share(frame, 0, x), between = (a, b) => a.map((p, n) => mix(p, b[n], part));
    return { v: between(start.v, end.v), i: between(start.i, end.i), o: between(start.o, end.o), c: start.c };
  }
  return start;
}

function leafOf(prop, place, name, match, context) {
  const leaf = { name, match, ix: prop.ix, seed: context.seed() };
  const holds = isArray(prop.k) && prop.k.some((frame) => frame !== null && typeof frame === "object" && "t" in frame);
  if (holds) {
    const frames = prop.k.filter((frame) => frame !== null && typeof frame === "object" && typeof frame.t === "number");
    const read = (v) => (v === undefined ? undefined : numberOf(plainValue(isArray(v) && v.length === 1 && v[0] !== null && typeof v[0] === "object" ? v[0] : v)));
    const values = [];
    frames.forEach((frame, n) => values.push(read(frame.s) ?? (n > 0 ? read(frames[n - 1].e) ?? values[n - 1] : undefined)));
    if (values[0] === undefined) return null;
    const ends = frames.map((frame, n) => read(frame.e) ?? values[n + 1]);
    leaf.value = values[0];
    leaf.keys = frames.map((frame) => frame.t / context.fps);
    leaf.keyed = (n) => copied(values[n]);
    leaf.at = (t) => keyed(frames, values, ends, t * context.fps);
  } else {
    leaf.value = numberOf(plainValue(prop.k));
  }
  return coded(leaf, prop, place, context);
}
function coded(leaf, prop, place, context) {
  leaf.place = place;
  if (typeof prop.x === "string") {
    leaf.code = prop.x;
    leaf.id = place;
  }
  return leaf;
}
function textLeaf(prop, place, context) {
  const frames = (isArray(prop.k) ? prop.k : []).filter((frame) => typeof frame?.s?.t === "string");
  if (frames.length === 0) return null;
  const leaf = { name: "Source Text", match: "ADBE Text Document", seed: context.seed(), value: frames[0].s.t };
  if (frames.length > 1) {
    leaf.keys = frames.map((frame) => frame.t / context.fps);
    leaf.at = (t) => (frames.findLast((frame) => frame.t <= t * context.fps + 1e-6) ?? frames[0]).s.t;
  }
  return coded(leaf, prop, place, context);
}
function groupOf(name, match, ix, props) {
  return { name, match, ix, props: props.filter(Boolean) };
}
function holderOf(holder, place, table, context, prefix = "") {
  if (holder === null || typeof holder !== "object") return [];
  const made = [];
  for (const [key, name, match] of table) {
    const prop = holder[key];
    if (prop === null || typeof prop !== "object") continue;
    if (prop.s === true && prop.x && prop.y) {
      const parts = ["x", "y", "z"].filter((axis) => prop[axis]).map((axis, n) => leafOf(prop[axis], place + "/" + key + "/" + axis, axis.toUpperCase() + " Position", "ADBE Position_" + n, context));
      made.push(...parts, togetherOf(parts, name, match, context));
    } else if ("k" in prop) {
      made.push(leafOf(prop, place + "/" + key, name, match.startsWith("ADBE ") || prefix === "" ? match : prefix + match, context));
    }
  }
  return made.filter(Boolean);
}
function togetherOf(parts, name, match, context) {
  const leaf = { name, match, seed: context.seed(), place: parts[0]?.place, value: parts.map((part) => part?.value ?? 0) };
  leaf.at = (t) => parts.map((part) => (part ? valueAt(part, t) : 0));
  return leaf;
}
const VECTOR = "ADBE Vector ";
function itemsOf(list, place, context) {
  return (isArray(list) ? list : []).map((item, n) => {
    if (item === null || typeof item !== "object" || item.ty === "tr") return null;
    const here = place + "/" + n, name = item.nm ?? "", match = item.mn;
    if (item.ty === "gr") {
      const moved = isArray(item.it) ? item.it.findIndex((part) => part?.ty === "tr") : -1;
      const contents = groupOf("Contents", "ADBE Vectors Group", 2, itemsOf(item.it, here + "/it", context));
      const transform = groupOf("Transform", "ADBE Vector Transform Group", 3, moved < 0 ? [] : holderOf(item.it[moved], here + "/it/" + moved, IN_GROUP, context));
      return groupOf(name, match ?? "ADBE Vector Group", item.ix, [contents, transform]);
    }
    const known = ITEMS[item.ty];
    if (!known) return groupOf(name, match ?? "", item.ix, []);
    const kind = { fl: "Fill ", st: "Stroke " }[item.ty] ?? "";
    const table = kind ? known[1].map(([key, word]) => [key, word, VECTOR + (word.startsWith("Stroke") ? word : kind + word)]) : known[1];
    const props = holderOf(item, here, table, context, VECTOR);
    if (item.ty === "rp") props.push(groupOf("Transform", "ADBE Vector Repeater Transform", 4, holderOf(item.tr, here + "/tr", IN_GROUP, context)));
    if (isArray(item.d)) {
      const dashes = item.d.map((dash, at) => (dash?.v ? leafOf(dash.v, here + "/d/" + at + "/v", dash.nm ?? "", dash.n === "o" ? "ADBE Vector Stroke Offset" : "", context) : null));
      props.push(groupOf("Dashes", "ADBE Vector Stroke Dashes", undefined, dashes));
    }
    return groupOf(name, match ?? VECTOR + known[0], item.ix, props);
  }).filter(Boolean);
}
function effectsOf(list, place, context, drawn = true) {
  return (isArray(list) ? list : []).map((effect, n) => {
    if (effect === null || typeof effect !== "object") return null;
    const here = place + "/" + n;
    if (isArray(effect.ef)) return groupOf(effect.nm ?? "", effect.mn ?? "", effect.ix, effectsOf(effect.ef, here + "/ef", context, drawn && effect.ty !== EFFECT_GROUP));
    if (effect.v === null || typeof effect.v !== "object" || !("k" in effect.v)) return null;
    const leaf = leafOf({ ...effect.v, ix: effect.ix }, here + "/v", effect.nm ?? "", effect.mn ?? "", context);
    if (leaf && !drawn) leaf.id = undefined; // a control: evaluated only for those that look at it
    if (leaf && effect.ty === LAYER_CONTROL) leaf.facts = (number) => { const node = context.comp.byIndex(number); return node ? group(node) : null; };
    return leaf;
  }).filter(Boolean);
}
function masksOf(list, place, context) {
  const parts = [["pt", "Mask Path", "ADBE Mask Shape"], ["o", "Mask Opacity", "ADBE Mask Opacity"], ["f", "Mask Feather", "ADBE Mask Feather"], ["x", "Mask Expansion", "ADBE Mask Offset"]];
  return (isArray(list) ? list : []).map((mask, n) => mask && groupOf(mask.nm ?? "", "ADBE Mask Atom", n + 1, holderOf(mask, place + "/" + n, parts, context)));
}
function layerOf(layer, place, context) {
  const comp = context.comp, said = (v, otherwise) => (typeof v === "number" ? v : otherwise);
  const sized = context.sizes.get(layer.refId) ?? {};
  const facts = {
    index: said(layer.ind, 0), name: layer.nm ?? "", parent: said(layer.parent, 0), framed: layer.ty < 3,
    inPoint: said(layer.ip, 0) / context.fps, outPoint: said(layer.op, 0) / context.fps, startTime: said(layer.st, 0) / context.fps,
    width: said(layer.w ?? layer.sw ?? sized.w, comp.width), height: said(layer.h ?? layer.sh ?? sized.h, comp.height),
  };
  const contents = groupOf("Contents", "ADBE Root Vectors Group", 2, itemsOf(layer.shapes, place + "/shapes", context));
  const text = layer.t?.d ? groupOf("Text", "ADBE Text Properties", 2, [textLeaf(layer.t.d, place + "/t/d", context)]) : null;
  const masks = groupOf("Masks", "ADBE Mask Parade", 3, masksOf(layer.masksProperties, place + "/masksProperties", context));
  const effects = groupOf("Effects", "ADBE Effect Parade", 4, effectsOf(layer.ef, place + "/ef", context));
  const transform = groupOf("Transform", "ADBE Transform Group", 6, holderOf(layer.ks, place + "/ks", TRANSFORM, context));
  const remap = layer.tm && typeof layer.tm === "object" && "k" in layer.tm ? leafOf(layer.tm, place + "/tm", "Time Remap", "ADBE Time Remapping", context) : null;
  const node = { name: facts.name, match: "layer", layer: facts, comp, props: [contents, text, masks, effects, transform, remap].filter(Boolean) };
  node.numbered = { 1: transform, 2: text ?? contents, 3: masks, 4: effects, 5: transform, 6: transform };
  linked(node, node, node);
  return node;
}

let comps = [];
function compOf(described, animation, context) {
  const ends = described.layers.filter(Boolean).map((layer) => layer.op).filter(Number.isFinite);
  const starts = described.layers.filter(Boolean).map((layer) => layer.ip).filter(Number.isFinite);
  const last = described.place === "layers" ? animation.op : Math.max(1, ...ends), first = described.place === "layers" ? animation.ip : Math.min(0, ...starts);
  const start = Math.max(Math.floor(first), -animation.limit), frames = Math.max(1, Math.ceil(last) - start + 1);
  const comp = {
    name: described.name, width: described.width, height: described.height, duration: (last - first) / animation.fr, fps: animation.fr,
    start: start / animation.fr, first: start, frames, limit: animation.limit, bodymovin: true, layers: [],
  };
  comp.byIndex = (index) => comp.layers.find((node) => node.layer.index === Number(index));
  comp.other = (name) => comps.find((other) => other.name === name) ?? comps.find((other) => other.shownAs?.includes(name));
  const inside = { ...context, comp };
  comp.layers = described.layers.map((layer, n) => layer && layerOf(layer, described.place + "/" + n, inside)).filter(Boolean);
  return comp;
}
function loadLottie(text) {
  const animation = JSON.parse(text);
  let seeds = 0;
  const context = { fps: animation.fr, seed: () => ++seeds * 1000, sizes: new Map(animation.sizes.map((size) => [size.id, size])) };
  comps = animation.comps.map((described) => Object.assign(compOf(described, animation, context), { shownAs: described.shown }));
}
function near(a, b) {
  return isArray(a) ? a.every((v, n) => Math.abs(v - b[n]) < CLOSE) : Math.abs(a - b) < CLOSE;
}
const CLOSE = 0.0005;
// Keys that straight lines between them give the values: [frame, value] each.
function fewest(values, first) {
  const keys = [[first, values[0]]];
  const plain = typeof values[0] === "number" || isArray(values[0]);
  const same = (a, b) => (plain ? near(a, b) : JSON.stringify(a) === JSON.stringify(b));
  let from = 0;
  for (let n = 1; n + 1 < values.length; n++) {
    let kept;
    if (plain) {
      const step = map2(values[from + 1], values[from], (a, b) => a - b);
      kept = !near(values[n + 1], map2(values[from], step, (v, s) => v + s * (n + 1 - from)));
    } else {
      kept = !(same(values[n], values[n - 1]) && same(values[n], values[n + 1]));
    }
    if (kept) {
      keys.push([first + n, values[n]]);
      from = n;
    }
  }
  if (values.length > 1) keys.push([first + values.length - 1, values[values.length - 1]]);
  return keys;
}
// Names that expressions wrote to without declaring them; taken away, so that no expression finds another's.
const known = new Set(Object.getOwnPropertyNames(globalThis));
function undeclared() {
  const loose = Object.getOwnPropertyNames(globalThis).filter((name) => !known.has(name));
  for (const name of loose) delete globalThis[name];
  return loose.length > 0;
}
function bake(room) {
  const out = {};
  for (const comp of comps) {
    for (const leaf of wantedLeaves(comp)) {
      try {
        const values = framesOf(leaf, comp);
        const keys = fewest(values, comp.first);
        room -= JSON.stringify(keys).length;
        if (room < 0) throw new RangeError("the expressions give too many keyframes");
        out[leaf.id] = { keys, chance: chancy, undeclared: undeclared() };
      } catch (error) {
        out[leaf.id] = refused(error);
      }
    }
  }
  return JSON.stringify({ answers: out, reads: [...reads].map((leaf) => leaf.place).filter(Boolean) });
}
