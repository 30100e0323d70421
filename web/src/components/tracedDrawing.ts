/** A traced drawing, read from the server's SVG: only groups and paths, and of them only what is named here. */
export type DrawnRun = { group: number; paths: string[] };
export type TracedDrawing = { width: number; height: number; runs: DrawnRun[] };

const SVG = 'http://www.w3.org/2000/svg';
const PATH = /^[Mlcz0-9. -]*$/;
const MOST_PATHS = 6000;

/** Null for a text that is no traced drawing; nothing of it is ever put into the page as markup. */
export function readDrawing(text: string): TracedDrawing | null {
  const root = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  const side = (name: string) => Number(root.getAttribute(name));
  const [width, height] = [side('width'), side('height')];
  if (root.namespaceURI !== SVG || root.localName !== 'svg' || !(width > 0) || !(height > 0)) return null;
  const runs: DrawnRun[] = [];
  let count = 0;
  for (const element of root.children) {
    const group = Number(element.getAttribute('data-group') ?? Number.NaN);
    if (element.localName !== 'g' || !Number.isInteger(group)) return null;
    const paths = [...element.children].map((child) => (child.localName === 'path' ? child.getAttribute('d') : null));
    if (!paths.every((path): path is string => path !== null && PATH.test(path))) return null;
    count += paths.length;
    runs.push({ group, paths });
  }
  return count > MOST_PATHS ? null : { width, height, runs };
}
