// node render.mjs ORDER.json: render films of Lottie files with Remotion and say how long each took, bundling not counted.
// ORDER.json: {folder, browser, films: [{key, scenes: [{lottie, frames}], out, width, height, fps, concurrency}]}.
// On standard output a line of JSON for each film: {key, frames, seconds}.
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
  const began = performance.now();
  const scenes = film.scenes.map(({lottie, frames}) => ({
    animation: JSON.parse(fs.readFileSync(lottie, 'utf8')),
    frames,
  }));
  const frames = scenes.reduce((sum, scene) => sum + scene.frames, 0);
  const inputProps = {scenes};
  await renderMedia({
    // What selectComposition would start a browser to ask for.
    composition: {
      id: 'film',
      width: film.width,
      height: film.height,
      fps: film.fps,
      durationInFrames: frames,
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
    concurrency: film.concurrency,
    logLevel: 'error',
  });
  console.log(JSON.stringify({key: film.key, frames, seconds: (performance.now() - began) / 1000}));
}
process.exit(0);
