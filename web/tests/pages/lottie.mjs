/** Lottie scenes for the test double: blocks for words, in the palette's colours, so that an edit changes the picture. */

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
const still = (value) => ({ a: 0, k: value });

function rect(name, color, position, size, index, animated) {
  const [x, y] = position;
  return {
    ty: 4,
    nm: name,
    ind: index,
    ip: 0,
    op: 90,
    st: 0,
    ks: {
      o: still(100),
      r: still(0),
      s: still([100, 100, 100]),
      a: still([0, 0, 0]),
      p: animated
        ? {
            a: 1,
            k: [
              { t: 0, s: [x - 400, y, 0], i: { x: [0.2], y: [1] }, o: { x: [0.3], y: [0] } },
              { t: 40, s: [x, y, 0] },
            ],
          }
        : still([x, y, 0]),
    },
    shapes: [
      {
        ty: 'gr',
        it: [
          { ty: 'rc', p: still([0, 0]), s: still(size), r: still(18) },
          { ty: 'fl', c: still([...rgb(color), 1]), o: still(100) },
          { ty: 'tr', p: still([0, 0]), a: still([0, 0]), s: still([100, 100]), r: still(0), o: still(100) },
        ],
      },
    ],
  };
}

export function makeLottie({ width, height, palette, words, frames }) {
  const layers = [];
  let index = 1;
  let y = height * 0.36;
  for (const word of words) {
    let x = width * 0.14;
    for (const part of word.split(/\s+/).filter(Boolean)) {
      const w = 40 + part.length * 34;
      if (x + w > width * 0.9) {
        x = width * 0.14;
        y += 110;
      }
      layers.push(rect(part, palette.text, [x + w / 2, y], [w, 74], index++, true));
      x += w + 28;
    }
    y += 150;
  }
  layers.push(rect('accent', palette.accent, [width * 0.5, height * 0.86], [width * 0.72, 16], index++, true));
  layers.push(rect('ground', palette.primary, [width / 2, height / 2], [width * 1.2, height * 1.2], index++, false));
  return { v: '5.9.0', fr: 30, ip: 0, op: frames, w: width, h: height, nm: 'scene', ddd: 0, assets: [], layers };
}

export function picture(seed, label, colors = ['#0f3d4c', '#2fb8b3', '#f2b134'], width = 960, height = 540) {
  const turn = [...seed].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 360, 7);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
  <defs><linearGradient id="g" gradientTransform="rotate(${turn} .5 .5)"><stop stop-color="${colors[0]}"/><stop offset="1" stop-color="${colors[1]}"/></linearGradient></defs>
  <rect width="${width}" height="${height}" fill="url(#g)"/>
  <circle cx="${(turn * 7) % width}" cy="${height * 0.3}" r="${140 + (turn % 90)}" fill="${colors[2]}" opacity=".75"/>
  <rect x="80" y="${height * 0.66}" width="${220 + (turn % 300)}" height="20" rx="10" fill="#fff" opacity=".85"/>
  <text x="80" y="${height * 0.6}" font-family="sans-serif" font-size="64" font-weight="700" fill="#fff">${label}</text></svg>`;
}
