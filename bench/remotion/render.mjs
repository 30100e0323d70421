// node render.mjs ORDER.json: render Lottie files with Remotion and say on standard output how long each took.
// ORDER.json: {folder, browser, concurrency, films: [{lottie, out, width, height, fps, frames}]}. One line of JSON a film: {out, frames, seconds}.
import fs from 'node:fs';
import path from 'node:path';
import {performance} from 'node:perf_hooks';
import {bundle} from '@remotion/bundler';
import {renderMedia} from '@remotion/renderer';

const order = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const serveUrl = await bundle({
  entryPoint: path.join(import.meta.dirname, 'film.jsx'),
  outDir: path.join(order.folder, 'bundle'),
});

for (const film of order.films) {
  const inputProps = {animation: JSON.parse(fs.readFileSync(film.lottie, 'utf8'))};
  const began = performance.now();
  await renderMedia({
    // What selectComposition would ask the browser: known here, so that its start is not counted twice.
    composition: {
      id: 'film',
      width: film.width,
      height: film.height,
      fps: film.fps,
      durationInFrames: film.frames,
      defaultProps: {},
      props: inputProps,
      defaultCodec: 'h264',
    },
    inputProps,
    serveUrl,
    codec: 'h264',
    crf: 20,
    x264Preset: 'veryfast',
    pixelFormat: 'yuv420p',
    colorSpace: 'bt709',
    muted: true,
    outputLocation: film.out,
    overwrite: true,
    browserExecutable: order.browser,
    chromeMode: 'chrome-for-testing',
    concurrency: order.concurrency,
    logLevel: 'error',
  });
  console.log(JSON.stringify({out: film.out, frames: film.frames, seconds: (performance.now() - began) / 1000}));
}
process.exit(0);
