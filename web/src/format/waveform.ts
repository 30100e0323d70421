/** An SVG path of a sound's outline in a box of `bars` × 2, the middle at 1; loud as it is, not raised. */
export function waveformPath(base64: string, bars: number): string {
  const bytes = Int8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const buckets = bytes.length >> 1;
  const count = Math.min(bars, buckets);
  let path = '';
  for (let bar = 0; bar < count; bar += 1) {
    const first = Math.floor((bar * buckets) / count);
    const after = Math.max(first + 1, Math.floor(((bar + 1) * buckets) / count));
    let low = 0;
    let high = 0;
    for (let bucket = first; bucket < after; bucket += 1) {
      low = Math.min(low, bytes[2 * bucket] ?? 0);
      high = Math.max(high, bytes[2 * bucket + 1] ?? 0);
    }
    // silence is a line, not a gap
    const top = 1 - Math.max(high / 127, 0.02);
    const bottom = 1 - Math.min(low / 127, -0.02);
    const x = ((bar + 0.5) * bars) / count;
    path += `M${x.toFixed(2)} ${top.toFixed(3)}V${bottom.toFixed(3)}`;
  }
  return path;
}
