/**
 * Drives every page in Chromium against the test double, in both languages, wide and narrow: the behaviour is asserted, axe (WCAG 2.2 AA)
 * must find nothing, the content policy must not be broken, and a picture of each page is left in the folder named by PAGES_OUT.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { startDouble } from './server.mjs';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const repository = resolve(import.meta.dirname, '../../..');
const root = process.env.PAGES_ROOT ?? join(repository, 'src/flatrender/host/static');
const work = mkdtempSync(join(tmpdir(), 'pages-'));
const out = process.env.PAGES_OUT ?? join(work, 'pictures');
const only = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const python = join(repository, '.venv/bin/python');
const ffmpeg = execFileSync(python, ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'], {
  encoding: 'utf8',
}).trim();
const film = join(work, 'film.mp4');
execFileSync(ffmpeg, [
  '-loglevel',
  'error',
  '-f',
  'lavfi',
  '-i',
  'testsrc2=size=640x360:rate=30:duration=2',
  '-pix_fmt',
  'yuv420p',
  film,
]);
const upload = join(work, 'گل.png');
execFileSync(ffmpeg, ['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc=size=800x600', '-frames:v', '1', upload]);

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
assert.ok(existsSync(executablePath), `${executablePath} is missing; set CHROMIUM to a Chromium binary`);
const browser = await chromium.launch({
  executablePath,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const findings = [];

async function visit(locale, size, double) {
  const context = await browser.newContext({ viewport: SIZES[size], reducedMotion: 'reduce' });
  await context.addInitScript(
    (value) => localStorage.getItem('flatrender.locale') ?? localStorage.setItem('flatrender.locale', value),
    locale,
  );
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Uncaught|Warning:|same key|validateDOMNesting|hydration/i.test(message.text()))
      complaints.push(message.text());
  });
  const id = (name) => page.getByTestId(name);
  const look = async (name, options = {}) => {
    await page.waitForTimeout(options.settle ?? 250);
    await page.screenshot({ path: join(out, `${name}.${locale}.${size}.png`), fullPage: options.full ?? false });
    await page.evaluate(axeSource);
    const result = await page.evaluate(async () => {
      const found = await globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return found.violations.map((item) => ({
        id: item.id,
        help: item.help,
        nodes: item.nodes
          .map((node) => `${node.target.join(' ')} ${node.failureSummary.split('\n')[1] ?? ''}`)
          .slice(0, 4),
      }));
    });
    for (const violation of result)
      findings.push(
        `${name}.${locale}.${size}: ${violation.id} (${violation.help})\n    ${violation.nodes.join('\n    ')}`,
      );
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (overflow > 1) findings.push(`${name}.${locale}.${size}: the page is ${overflow} px wider than the window`);
  };
  const open = (path) => page.goto(double.url + path);
  const signIn = async () => {
    await id('sign-in-email').fill('sara@example.com');
    await id('sign-in-password').fill('correct horse');
    await id('sign-in-submit').click();
  };
  return { page, context, id, look, open, signIn, complaints, locale, size, double };
}

/** What an admin tells a node, from its card. */
async function nodes({ page, id, look }) {
  const card = id('node-card').first();
  const menu = async (item) => {
    await card.getByTestId('node-menu').click();
    await id(item).click();
  };
  await menu('node-hours');
  await id('hours-begin').fill('21:30');
  await look('admin-node-hours');
  await id('hours-save').click();
  await id('node-hours-dialog').waitFor({ state: 'detached' });
  await card.getByTestId('node-note').waitFor();
  await menu('node-purge');
  await menu('node-history');
  await id('node-collect-logs').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=node-command]').length === 2);
  await look('admin-node-history');
  await page.keyboard.press('Escape');
  await id('node-history-dialog').waitFor({ state: 'detached' });
  await menu('node-quarantine');
  await card.getByTestId('node-release').waitFor();
  await look('admin-node-quarantined');
  await card.getByTestId('node-release').click();
  await card.getByTestId('node-drain').waitFor();
}

const previewReady = (visitor) => visitor.page.waitForSelector('[data-testid=preview][data-ready=true]');

/** The newcomer's story up to the film, then the rest of the pages. */
async function story(visitor) {
  const { page, id, look, open, signIn, double } = visitor;
  await open('/projects');
  await id('sign-in-form').waitFor();
  assert.match(
    page.url(),
    /sign-in\?next=%2Fprojects/,
    'a page behind the sign-in sends there and remembers where from',
  );
  await look('sign-in');
  await id('sign-in-email').fill('sara@example.com');
  await id('sign-in-password').fill('wrong');
  await id('sign-in-submit').click();
  await id('sign-in-error').waitFor();
  await look('sign-in-error');
  await signIn();
  await page.waitForURL('**/projects');
  await id('empty-state').waitFor();
  await look('projects-empty');

  await open('/');
  await id('template-card').first().waitFor();
  assert.equal(await id('template-card').count(), 3, 'only published templates are shown');
  await look('gallery');
  await id('gallery-search').fill(visitor.locale === 'fa' ? 'حراج' : 'sale');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=template-card]').length === 1);
  await page.goBack();
  await open('/');
  await page.locator('[data-testid=template-card][data-slug=promo]').click();
  await id('use-template').waitFor();
  await look('template', { full: true });
  await id('size-16x9').click();
  await id('preset-night').click();
  await id('use-template').click();
  await id('studio').waitFor();
  await previewReady(visitor);
  await look('studio');
  assert.equal(double.state.documents[0].palette.primary, '#0b1026', 'the chosen preset is the document’s palette');

  await id('scene-item').nth(1).locator('[data-uid]').click();
  await id('field-headline').waitFor();
  await previewReady(visitor);
  const before = await id('preview').getAttribute('data-sha256');
  const since = Date.now();
  await id('field-headline').fill('فروش ویژهٔ پاییز، فقط تا پایان همین هفته');
  await page.waitForFunction((old) => {
    const preview = document.querySelector('[data-testid=preview]');
    return preview.dataset.sha256 !== old && preview.dataset.ready === 'true';
  }, before);
  visitor.keystroke = Date.now() - since;
  await id('field-warning').waitFor();
  await id('field-photo-upload').setInputFiles(upload);
  await page.waitForFunction(() =>
    /^[0-9a-f-]{36}$/.test(document.querySelector('[data-testid=field-photo]').dataset.value),
  );
  await id('field-price').fill('۲۵۰');
  await id('field-price').blur();
  await page.waitForFunction(() => document.querySelector('[data-testid=save-state]').dataset.state === 'saved', null, {
    timeout: 8000,
  });
  const saved = double.state.documents[0].scenes[1].values;
  assert.equal(saved.headline, 'فروش ویژهٔ پاییز، فقط تا پایان همین هفته');
  assert.equal(saved.price, 250, 'Persian digits are sent as a number');
  assert.match(saved.photo, /^[0-9a-f-]{36}$/);
  await look('studio-fields');
  if (visitor.size === 'narrow') await look('studio-fields-full', { full: true });

  await id('background').click();
  await id('background-kind').selectOption('gradient');
  await id('background-way').selectOption('45');
  await id('background-color-1').fill('#224466');
  await id('background-color-1').scrollIntoViewIfNeeded();
  await look('studio-background');
  await page.waitForFunction(() => document.querySelector('[data-testid=save-state]').dataset.state === 'saved', null, {
    timeout: 8000,
  });
  const { gradient } = double.state.documents[0].scenes[1].values['@background'];
  assert.deepEqual([gradient.angle, gradient.stops[1].color], [45, '#224466']);
  await id('background-kind').selectOption('designed');

  for (const tab of ['colors', 'audio', 'project']) {
    await id(`tab-${tab}`).click();
    await look(`studio-${tab}`, { full: visitor.size === 'narrow' });
  }
  assert.equal(await id('field-signature').count(), 0, 'a field that depends on another is not asked for');
  await id('field-sign').check();
  await id('field-signature').waitFor();
  await id('field-sign').uncheck();
  await id('tab-colors').click();
  const badge = () => id('color-badge').inputValue();
  const follows = await badge();
  await id('color-badge').fill('#123456');
  await id('color-badge-follow').click();
  assert.equal(await badge(), follows, 'a colour that follows from another does so again');
  await id('tab-audio').click();
  await id('voiceover-upload-input').setInputFiles({
    name: 'گفتار.wav',
    mimeType: 'audio/wav',
    buffer: Buffer.alloc(64),
  });
  await id('voiceover-track').waitFor();
  await look('studio-voice', { full: visitor.size === 'narrow' });
  await id('tab-scene').click();
}

async function strip(visitor) {
  const { page, id, look, double } = visitor;
  const keys = () =>
    page.$$eval('[data-testid=scene-item]', (items) => items.map((item) => item.dataset.sceneKey).join(' '));
  assert.equal(await keys(), 'opening feature photos offer closing');
  await id('scene-item').nth(1).getByTestId('scene-menu').click();
  await id('scene-duplicate').click();
  await page.waitForTimeout(100);
  assert.equal(await keys(), 'opening feature feature photos offer closing');
  await id('scene-item').nth(2).locator('[data-uid]').focus();
  await page.keyboard.press('Alt+ArrowDown');
  assert.equal(await keys(), 'opening feature photos feature offer closing', 'Alt+↓ moves the selected scene');
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Delete');
  assert.equal(await keys(), 'opening feature photos offer closing');
  await id('undo-toast').first().click();
  assert.equal(await keys(), 'opening feature feature photos offer closing', 'the toast brings the scene back');
  for (let step = 0; step < 3; step += 1) await id('undo').click();
  assert.equal(await keys(), 'opening feature photos offer closing');
  await page.evaluate(() => document.activeElement.blur());
  await page.evaluate(() =>
    window.dispatchEvent(
      new KeyboardEvent('keydown', { code: 'KeyZ', key: 'ظ', ctrlKey: true, shiftKey: true, bubbles: true }),
    ),
  );
  await page.waitForTimeout(100);
  assert.equal(
    await keys(),
    'opening feature feature photos offer closing',
    'redo goes by the physical key on a Persian keyboard',
  );
  await id('undo').click();
  if (visitor.size === 'wide') {
    const from = await id('scene-item').nth(3).boundingBox();
    const to = await id('scene-item').nth(1).boundingBox();
    await page.mouse.move(from.x + from.width / 2, from.y + 40);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2, from.y - 20, { steps: 4 });
    await page.mouse.move(to.x + to.width / 2, to.y + 30, { steps: 8 });
    await page.mouse.up();
    await page.waitForTimeout(300);
    assert.equal(await keys(), 'opening offer feature photos closing', 'a scene can be dragged');
    await id('undo').click();
  }
  await id('transition').first().click();
  await id('transition-kind').selectOption('push');
  await id('transition-direction').selectOption('up');
  await look('studio-transition');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.querySelector('[data-testid=save-state]').dataset.state === 'saved', null, {
    timeout: 8000,
  });
  assert.equal(double.state.documents[0].scenes[0].transition.direction, 'up');
  await id('undo').click();
  await id('scene-add').click();
  await id('scene-add-offer').click();
  await page.waitForTimeout(200);
  assert.equal((await keys()).split(' ').length, 6);
  await id('undo').click();
  await page.waitForFunction(() => document.querySelector('[data-testid=save-state]').dataset.state === 'saved', null, {
    timeout: 8000,
  });
  assert.equal(double.state.documents[0].scenes.length, 5);
}

async function playback(visitor) {
  const { page, id } = visitor;
  await previewReady(visitor);
  const frame = async () => Number(await id('player-scrubber').inputValue());
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Home');
  assert.equal(await frame(), 0);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal(await frame(), 11, 'time runs left to right in both languages');
  await page.waitForFunction(() => document.querySelector('[data-testid=preview]').dataset.frame === '11');
  await page.keyboard.press('Space');
  await page.waitForTimeout(700);
  await page.keyboard.press('Space');
  assert.ok((await frame()) > 16, `playing moved from frame 11 to ${await frame()}`);
}

async function trouble(visitor) {
  const { page, id, look, double, context } = visitor;
  const document = double.state.documents[0];
  const state = (wanted) =>
    page.waitForFunction(
      (value) => window.document.querySelector('[data-testid=save-state]').dataset.state === value,
      wanted,
      { timeout: 12_000 },
    );
  // offline: kept, then saved by itself
  await context.setOffline(true);
  await id('field-headline').fill('بی‌اینترنت');
  await state('offline');
  await look('studio-offline');
  await context.setOffline(false);
  await state('saved');
  assert.equal(document.scenes[1].values.headline, 'بی‌اینترنت');
  // expired session: renewed without a word
  double.control.expired = true;
  await id('field-headline').fill('پس از پایان نشست');
  await page.waitForFunction(() => window.document.querySelector('[data-testid=save-state]').dataset.state !== 'saved');
  await state('saved');
  assert.equal(double.control.expired, false);
  // changed elsewhere
  document.row_version += 1;
  await id('field-headline').fill('نسخهٔ من');
  await id('save-conflict').waitFor();
  await look('studio-conflict');
  await id('conflict-overwrite').click();
  await state('saved');
  assert.equal(document.scenes[1].values.headline, 'نسخهٔ من');
  // a scene that the browser cannot draw
  double.control.brokenLottie = true;
  await id('field-headline').fill('از سرور');
  await id('preview-snapshot').waitFor();
  await look('studio-server-picture', { settle: 600 });
  double.control.brokenLottie = false;
  await id('field-headline').fill('باز هم مرورگر');
  await page.waitForSelector('[data-testid=preview][data-mode=player][data-ready=true]');
  // a refused preview
  double.control.failPreview = 'studio.unknown_field';
  await id('field-headline').fill('ناپذیرفته');
  await id('preview-error').waitFor();
  await look('studio-preview-error');
  double.control.failPreview = null;
  await id('field-headline').fill('خوب');
  await previewReady(visitor);
  // leaving at once after a change loses nothing
  await id('field-headline').fill('لحظهٔ آخر');
  await page.reload();
  await id('scene-item').nth(1).locator('[data-uid]').click();
  await page.waitForFunction(() => window.document.querySelector('[data-testid=field-headline]')?.value === 'لحظهٔ آخر');
  await state('saved');
  assert.equal(document.scenes[1].values.headline, 'لحظهٔ آخر');
}

async function render(visitor) {
  const { page, id, look, double } = visitor;
  await id('render-button').click();
  await id('render-start').waitFor();
  await id('profile-1080p-alpha').waitFor();
  assert.equal(await page.locator('[data-testid^=profile-]').count(), 9, 'every profile of the server is offered');
  await look('render-start');
  await id('profile-720p').click();
  double.control.renderStepMs = 1000;
  await id('render-start').click();
  await id('render-progress').waitFor();
  await look('render-progress');
  await page.reload();
  await id('render-progress').waitFor();
  double.control.renderStepMs = 250;
  await id('film-video').waitFor();
  await page.waitForFunction(() => document.querySelector('video').readyState >= 2);
  const moved = await page.evaluate(async () => {
    const video = document.querySelector('video');
    video.muted = true;
    await video.play();
    await new Promise((done) => setTimeout(done, 600));
    video.pause();
    return video.currentTime;
  });
  assert.ok(moved > 0.2, `the film plays (${moved} s)`);
  assert.equal(double.state.jobs[0].profile, '720p');
  await look('render-done');
  // cancel
  double.control.renderStepMs = 900;
  await id('render-again').click();
  await id('render-start').click();
  await id('render-cancel').click();
  await id('job-failure').waitFor();
  double.control.renderStepMs = 250;
  await page.keyboard.press('Escape');
}

async function rest(visitor) {
  const { page, id, look, open, double } = visitor;
  await open('/projects');
  await id('project-card').first().waitFor();
  await id('project-menu').first().click();
  await id('project-duplicate').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=project-card]').length === 2);
  await look('projects');
  await id('project-menu').first().click();
  await id('project-delete').click();
  assert.equal(await id('project-card').count(), 1);
  await id('undo-toast').click();
  assert.equal(await id('project-card').count(), 2);
  await open('/films');
  await id('film-row').first().waitFor();
  await look('films');
  await id('film-row').last().getByRole('link').last().click();
  await id('film-video').waitFor();
  await look('film');
  await open('/exports');
  await id('export-row').nth(3).waitFor();
  assert.deepEqual(await id('export-row').evaluateAll((rows) => rows.slice(0, 4).map((row) => row.dataset.status)), [
    'ready',
    'ready',
    'expired',
    'failed',
  ]);
  await look('exports', { full: true });
  await id('export-renew').first().click();
  await page.waitForFunction(() => document.body.textContent.match(/دوباره ساخته|made again/));
  assert.ok(double.state.renewed, 'an expired file is asked for again');
  await id('export-menu').first().click();
  await id('export-copy-link').waitFor();
  await page.keyboard.press('Escape');
  await open('/films');
  await id('film-row').first().waitFor();
  await id('notification-bell').click();
  await page.waitForTimeout(500);
  await look('notifications');
  await id('notices-read-all').click();
  await page.keyboard.press('Escape');

  await open('/admin');
  await id('admin-template-row').first().waitFor();
  await look('admin-templates');
  const promo = double.state.projects[2];
  await open(`/admin/templates/${promo.id}`);
  await id('build-scene-previews').click();
  await page.waitForFunction(() =>
    document.querySelector('[data-testid=admin-scene-thumbnail-boom] img')?.src.includes('snapshot-boom'),
  );
  await look('admin-scenes-running');
  await page.waitForFunction(() => document.querySelector('[data-testid=previews-state]').dataset.open === '0');
  await id('snapshot-frame-boom').fill('۱۲');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(400);
  assert.equal(promo.scenes[0].snapshot_frame, 12);
  await look('admin-scenes', { full: true });
  await open(`/admin/templates/${double.state.projects[3].id}`);
  await id('admin-publish').click();
  await id('admin-archive').waitFor();
  await look('admin-draft');
  const flagged = double.state.projects[3].id;
  double.state.flags = [
    { id: 'f1', project_id: flagged, scene_key: 'gallery', engines_stopped: 3, kind: 'oom', code: 'engine_crashed' },
  ];
  await open(`/admin/templates/${flagged}`);
  await id('template-flag').waitFor();
  await look('admin-flagged');
  await open('/admin/templates');
  await id('template-flag-badge').waitFor();
  await id('admin-import-input').setInputFiles({
    name: 'x.frt',
    mimeType: 'application/zip',
    buffer: Buffer.from('x'),
  });
  await page.waitForURL('**/admin/templates/*-*');
  await open('/admin/jobs');
  await id('admin-job-row').first().waitFor();
  await look('admin-jobs');
  await open('/admin/delivery');
  await id('target-card').nth(1).waitFor();
  await look('admin-delivery', { full: true });
  await id('target-add').click();
  await id('target-name').fill('فروشگاه');
  await id('target-url').fill('https://10.0.0.1/hook');
  await id('target-save').click();
  await id('target-error').waitFor();
  await look('admin-delivery-form');
  await id('target-url').fill('https://shop.example.com/hook');
  await id('target-save').click();
  await id('target-secret').waitFor();
  await look('admin-delivery-secret');
  await page.keyboard.press('Escape');
  await id('target-test').first().click();
  await id('delivery-row').nth(2).waitFor();
  await id('delivery-attempts').nth(1).click();
  await page.waitForTimeout(400);
  await look('admin-delivery-log');
  await page.keyboard.press('Escape');
  const finished = double.state.jobs.find((job) => job.status === 'completed');
  await open(`/admin/jobs/${finished.id}`);
  await id('repair-first-picture').waitFor();
  await id('repair-start').click();
  await id('repair-row').first().waitFor();
  await look('admin-film', { full: true });
  await open('/admin/nodes');
  await id('node-resume').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=node-drain]').length === 2);
  await id('node-work').first().waitFor();
  await look('admin-nodes');
  await id('node-open').first().click();
  await id('node-crash').first().waitFor();
  await page.locator('[data-testid=chart-cpu] canvas').waitFor();
  await page.locator('[data-testid=chart-cpu] summary').click();
  assert.equal(await page.locator('[data-testid=chart-cpu] tbody tr').count(), 60);
  await look('admin-node');
  await open('/admin/farm');
  await id('slow-template').first().waitFor();
  assert.equal(await id('queue-row').count(), 3);
  await look('admin-farm');
  await nodes(visitor);
  await page.keyboard.press('?');
  await look('shortcuts');
  await page.keyboard.press('Escape');

  double.control.slowLists = 1500;
  await open('/');
  await page.waitForTimeout(700);
  await look('gallery-waiting');
  double.control.slowLists = 0;
  double.control.failLists = true;
  await open('/films');
  await id('request-id').waitFor();
  await look('films-failed');
  double.control.failLists = false;
  double.control.emptyLists = true;
  await open('/films');
  await id('empty-state').waitFor();
  await look('films-empty');
  double.control.emptyLists = false;
  await open('/nowhere');
  await page.waitForTimeout(300);
  await look('not-found');
  // the language is changed and remembered
  await open('/');
  await id('template-card').first().waitFor();
  const other = visitor.locale === 'fa' ? 'en' : 'fa';
  await id('language-switch')
    .getByText(other === 'en' ? 'EN' : 'فا')
    .click();
  await page.reload();
  await id('template-card').first().waitFor();
  assert.equal(
    await page.evaluate(() => `${document.documentElement.lang} ${document.documentElement.dir}`),
    other === 'fa' ? 'fa rtl' : 'en ltr',
  );
  double.state.me.locale = null;
}

let failed = false;
for (const [locale, size] of [
  ['fa', 'wide'],
  ['en', 'wide'],
  ['fa', 'narrow'],
  ['en', 'narrow'],
]) {
  if (only.length && !only.includes(`${locale}.${size}`)) continue;
  const double = await startDouble({ root, film });
  const visitor = await visit(locale, size, double);
  try {
    await story(visitor);
    await strip(visitor);
    await visitor.id('scene-item').nth(1).locator('[data-uid]').click();
    if (size === 'wide') await playback(visitor);
    await trouble(visitor);
    await render(visitor);
    await rest(visitor);
    console.log(`${locale} ${size}: all pages passed; keystroke to picture ${visitor.keystroke} ms`);
  } catch (error) {
    failed = true;
    await visitor.page.screenshot({ path: join(out, `FAILED.${locale}.${size}.png`) }).catch(() => undefined);
    console.error(`${locale} ${size}: ${error.stack}`);
  }
  for (const complaint of new Set(visitor.complaints)) findings.push(`${locale}.${size}: ${complaint}`);
  await visitor.context.close();
  double.close();
}

await browser.close();
writeFileSync(join(out, 'findings.txt'), findings.join('\n'));
if (findings.length) console.error(`${findings.length} findings:\n${findings.join('\n')}`);
if (!process.env.PAGES_OUT) rmSync(work, { recursive: true, force: true });
process.exit(failed || findings.length ? 1 : 0);
