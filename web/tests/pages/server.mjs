/**
 * A test double of docs/api.md: keeps everything in memory and serves the built interface under the page's real content policy.
 * It proves nothing about the server; it lets every page be looked at and driven alone.
 */
import { crashes, farm, farmNode, nodeHealth } from './farm.mjs';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { seed } from './data.mjs';
import { makeLottie, picture } from './lottie.mjs';

const DAY_MS = 86_400_000;
const TARGET = {
  id: '6c9b3a52-0000-4000-8000-000000000001',
  name: 'سامانهٔ فروشگاه',
  kind: 'webhook',
  is_default: true,
  status: 'active',
  config: { url: 'https://shop.example.com/hooks/films' },
  consecutive_failures: 0,
  last_success_at: new Date(Date.now() - 3_600_000).toISOString(),
  last_error: null,
  row_version: 3,
  created_at: new Date(Date.now() - 9 * DAY_MS).toISOString(),
};
const BUCKET = {
  ...TARGET,
  id: '6c9b3a52-0000-4000-8000-000000000002',
  name: 'Archive',
  kind: 's3',
  is_default: false,
  status: 'disabled_failing',
  config: {
    endpoint: 'https://s3.eu-central-1.amazonaws.com',
    bucket: 'films-archive',
    access_key_id: 'AKIAIOSFODNN7EXAMPLE',
    region: 'eu-central-1',
    path_style: false,
  },
  last_error: 'the bucket answered 403 InvalidAccessKeyId',
};
const delivery = (more) => ({
  id: randomUUID(),
  target_id: TARGET.id,
  export_id: null,
  event_type: 'export.ready',
  message_id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
  status: 'delivered',
  attempt: 1,
  next_attempt_at: null,
  last_status_code: 200,
  last_error: null,
  location: null,
  replay_of_id: null,
  delivered_at: null,
  created_at: new Date(Date.now() - 600_000).toISOString(),
  ...more,
});
const DELIVERIES = [
  delivery({ event_type: 'target.test' }),
  delivery({ status: 'dead', attempt: 10, last_status_code: 500, last_error: 'the receiver answered 500' }),
  delivery({}),
];
const ATTEMPTS = [
  {
    attempt: 10,
    outcome: 'failed',
    status_code: 500,
    error: 'the receiver answered 500',
    response: '{"error": "out of memory"}',
    address: '93.184.216.34',
    duration_ms: 412,
    created_at: new Date(Date.now() - 600_000).toISOString(),
  },
];

/** The files of the finished films: the film itself, a GIF that expires soon, one that has expired and one that failed. */
function exportsOf(jobs) {
  return jobs
    .filter((job) => job.export)
    .flatMap((job) => {
      const file = (number, profile, container, status, more = {}) => ({
        ...job.export,
        id: `${job.id.slice(0, -2)}0${number}`,
        output: number,
        profile,
        status,
        container,
        expires_at: new Date(Date.now() + 60 * DAY_MS).toISOString(),
        error_code: null,
        render_job_id: job.id,
        saved_project_id: job.saved_project_id,
        title: job.title,
        download_count: 0,
        created_at: job.queued_at,
        ...more,
      });
      return [
        file(0, job.profile, job.export.container ?? 'mp4', 'ready'),
        file(1, 'gif', 'gif', 'ready', { expires_at: new Date(Date.now() + 2.5 * DAY_MS).toISOString() }),
        file(2, '1080p-webm', 'webm', 'expired', { download_url: null }),
        file(3, '1080p-prores', 'mov', 'failed', { download_url: null, bytes: null, error_code: 'settings_invalid' }),
      ];
    });
}

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};
const ENDED = ['completed', 'failed', 'canceled'];

export function startDouble({ root, film }) {
  const state = seed();
  const streams = new Set();
  const jobStreams = new Map();
  const control = {
    expired: false,
    failPreview: null,
    brokenLottie: false,
    slowLists: 0,
    renderStepMs: 250,
    emptyLists: false,
    failLists: false,
  };

  const problem = (response, status, code, detail = code) => {
    response.writeHead(status, { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'req-7f3a' });
    response.end(
      JSON.stringify({
        type: `https://flatrender.dev/problems/${code}`,
        title: code,
        status,
        code,
        detail,
        request_id: 'req-7f3a',
      }),
    );
  };
  const json = (response, body, status = 200, headers = {}) => {
    const etag = body?.row_version ? { ETag: `"${body.row_version}"` } : {};
    response.writeHead(status, { 'Content-Type': 'application/json', ...etag, ...headers });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  };
  state.targets = [structuredClone(BUCKET), structuredClone(TARGET)];
  const page = (items) => ({ items: control.emptyLists ? [] : items, next_cursor: null });
  const summary = ({ scenes: _scenes, ...rest }) => rest;
  const stamp = () => new Date().toISOString();

  function tellJob(job) {
    for (const stream of jobStreams.get(job.id) ?? []) {
      stream.write(`event: job\ndata: ${JSON.stringify(job)}\n\n`);
      if (ENDED.includes(job.status)) stream.end();
    }
  }
  function notify(notice) {
    state.notices.unshift(notice);
    for (const stream of streams) stream.write(`event: notification\ndata: ${JSON.stringify(notice)}\n\n`);
  }
  function work(job) {
    const steps = [
      ['preparing', 4],
      ['rendering', 20],
      ['rendering', 48],
      ['rendering', 76],
      ['stitching', 88],
      ['audio_mix', 93],
      ['uploading', 98],
      ['completed', 100],
    ];
    const next = () => {
      if (ENDED.includes(job.status)) return;
      if (job.status === 'canceling') Object.assign(job, { status: 'canceled', finished_at: stamp() });
      else {
        const [status, pct] = steps.shift();
        Object.assign(job, {
          status,
          progress_pct: pct,
          seconds_left: Math.ceil((100 - pct) / 10),
          queue_position: null,
          started_at: job.started_at ?? stamp(),
        });
        if (status === 'completed') {
          Object.assign(job, { finished_at: stamp(), seconds_left: null });
          job.export = {
            id: randomUUID(),
            file_id: randomUUID(),
            bytes: statSync(film).size,
            duration_ms: 2000,
            container: state.profiles.find((profile) => profile.key === job.profile).container,
            width: 640,
            height: 360,
            play_url: `/p/film-${job.id}.mp4`,
            download_url: `/p/film-${job.id}.mp4?download=1`,
            poster_url: '/p/poster.svg',
          };
          notify({
            id: randomUUID(),
            type_key: 'render.completed',
            title: 'ready',
            body: job.title,
            action_url: `/films/${job.id}`,
            image_url: null,
            read_at: null,
            created_at: stamp(),
          });
        }
      }
      tellJob(job);
      if (!ENDED.includes(job.status)) setTimeout(next, control.renderStepMs);
    };
    setTimeout(next, control.renderStepMs * 2);
  }
  function makeJob(document, profile) {
    const job = {
      id: randomUUID(),
      saved_project_id: document.id,
      title: document.title,
      profile,
      status: 'queued',
      progress_pct: 0,
      seconds_left: null,
      queue_position: 2,
      width: 1920,
      height: 1080,
      fps: 30,
      total_frames: 480,
      error_code: null,
      error_message: null,
      queued_at: stamp(),
      started_at: null,
      finished_at: null,
      export: null,
    };
    state.jobs.unshift(job);
    work(job);
    return job;
  }
  function makeDocument(project, body) {
    const preset = project.presets.find((item) => item.key === body.preset) ?? project.presets[0];
    const document = {
      id: randomUUID(),
      title: body.title ?? project.title[body.locale ?? 'fa'],
      status: 'draft',
      project_id: project.id,
      project_version_id: project.version_id,
      size: body.size ?? project.sizes[0].key,
      locale: body.locale ?? 'fa',
      palette: { ...preset?.colors },
      global_values: {},
      audio: {
        music_track_id: project.music[0].track_id,
        music_volume: 1,
        music_start_ms: 0,
        music_fade_out_ms: 1500,
        voiceover_track_id: null,
        voiceover_volume: 1,
        voiceover_start_ms: 0,
        sfx_enabled: true,
        sfx_volume: 1,
      },
      scenes: project.scenes.map((item) => ({
        id: randomUUID(),
        scene_key: item.key,
        values: {},
        colors: {},
        duration_frames: item.duration_frames,
        transition: null,
      })),
      duration_frames: project.duration_frames,
      thumbnail_url: `/p/cover-${project.slug}.svg`,
      row_version: 1,
      created_at: stamp(),
      updated_at: stamp(),
    };
    state.documents.unshift(document);
    return document;
  }
  function resolve(document, body) {
    const project = state.projects.find((item) => item.id === document.project_id);
    const scene = project.scenes.find((item) => item.key === body.scene.scene_key);
    const size = project.sizes.find((item) => item.key === body.size) ?? project.sizes[0];
    const colors = Object.fromEntries(
      project.color_slots.map((slot) => [
        slot.key,
        body.scene.colors[slot.key] ?? body.palette?.[slot.key] ?? slot.default,
      ]),
    );
    const ground = body.scene.values['@background'];
    if (ground) colors.primary = ground.color ?? ground.gradient?.stops[0].color ?? ground;
    const words = scene.fields
      .filter((field) => ['text', 'textarea'].includes(field.type))
      .map((field) => String(body.scene.values[field.key] ?? field.default[body.locale ?? 'fa']));
    const warnings = words.some((word) => word.length > 34)
      ? [{ code: 'text_overflow', detail: 'too long', field: 'headline', layer: 'Headline' }]
      : [];
    const lottie = control.brokenLottie
      ? { v: '5.9.0', nonsense: true }
      : makeLottie({ ...size, palette: colors, words, frames: scene.duration_frames });
    return {
      lottie,
      sha256: createHash('sha256').update(JSON.stringify(lottie)).digest('hex'),
      width: size.width,
      height: size.height,
      fps: 30,
      first_frame: 0,
      frames: scene.duration_frames,
      warnings,
    };
  }
  function stream(response, set) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write(': here\n\n');
    set.add(response);
    response.on('close', () => set.delete(response));
  }

  const routes = [
    [
      'GET',
      /^\/v1\/tenant$/,
      (_, response) =>
        json(response, { slug: 'default', product_name: 'FlatRender', default_locale: 'fa', primary_color: null }),
    ],
    ['GET', /^\/v1\/me$/, (_, response) => json(response, state.me)],
    ['PATCH', /^\/v1\/me$/, (request, response) => json(response, Object.assign(state.me, request.json))],
    [
      'POST',
      /^\/v1\/auth\/logout$/,
      (_, response) => {
        response.setHeader('Set-Cookie', 'session=; Max-Age=0; Path=/');
        json(response, {});
      },
    ],
    [
      'GET',
      /^\/v1\/projects$/,
      (request, response) => {
        const q = request.query.get('q') ?? '';
        const category = request.query.get('category') ?? '';
        json(
          response,
          page(
            state.projects
              .filter(
                (item) =>
                  item.status === 'published' &&
                  (!category || item.category === category) &&
                  (!q || JSON.stringify(item.title).toLowerCase().includes(q.toLowerCase())),
              )
              .map(summary),
          ),
        );
      },
    ],
    [
      'GET',
      /^\/v1\/projects\/([^/]+)$/,
      (request, response, [key]) => {
        const found = state.projects.find((item) => item.id === key || item.slug === key);
        return found ? json(response, found) : problem(response, 404, 'content.not_found');
      },
    ],
    ['GET', /^\/v1\/(?:admin\/)?projects\/[^/]+\/svg-previews$/, (_, response) => json(response, page([]))],
    ['GET', /^\/v1\/categories$/, (_, response) => json(response, page(state.categories))],
    ['GET', /^\/v1\/admin\/projects$/, (_, response) => json(response, page(state.projects.map(summary)))],
    [
      'GET',
      /^\/v1\/admin\/projects\/([^/]+)$/,
      (_, response, [id]) =>
        json(
          response,
          state.projects.find((item) => item.id === id),
        ),
    ],
    [
      'POST',
      /^\/v1\/admin\/projects$/,
      (_, response) => {
        const made = structuredClone(state.projects[1]);
        Object.assign(made, {
          id: randomUUID(),
          slug: `imported-${state.projects.length}`,
          status: 'draft',
          title: { fa: 'وارداتی', en: 'Imported' },
        });
        state.projects.push(made);
        json(response, made, 201);
      },
    ],
    [
      'POST',
      /^\/v1\/admin\/projects\/([^/]+)\/(publish|archive)$/,
      (_, response, [id, what]) => {
        const found = state.projects.find((item) => item.id === id);
        found.status = what === 'publish' ? 'published' : 'archived';
        found.row_version += 1;
        json(response, found);
      },
    ],
    [
      'PATCH',
      /^\/v1\/admin\/scenes\/([^/]+)$/,
      (request, response, [id]) => {
        const found = state.projects.flatMap((item) => item.scenes).find((item) => item.id === id);
        json(response, Object.assign(found, request.json));
      },
    ],
    ['GET', /^\/v1\/saved-projects$/, (_, response) => json(response, page(state.documents))],
    [
      'POST',
      /^\/v1\/saved-projects$/,
      (request, response) =>
        json(
          response,
          makeDocument(
            state.projects.find((item) => item.id === request.json.project_id),
            request.json,
          ),
          201,
        ),
    ],
    [
      'GET',
      /^\/v1\/saved-projects\/([^/]+)$/,
      (_, response, [id]) => {
        const found = state.documents.find((item) => item.id === id);
        return found ? json(response, found) : problem(response, 404, 'studio.not_found');
      },
    ],
    [
      'PUT',
      /^\/v1\/saved-projects\/([^/]+)$/,
      (request, response, [id]) => {
        const found = state.documents.find((item) => item.id === id);
        if (!request.headers['if-match']) return problem(response, 428, 'studio.version_required');
        if (request.headers['if-match'] !== `"${found.row_version}"`)
          return problem(response, 412, 'studio.version_conflict');
        Object.assign(found, request.json, { row_version: found.row_version + 1, updated_at: stamp() });
        found.scenes = found.scenes.map((item) => ({ ...item, id: item.id ?? randomUUID() }));
        return json(response, found);
      },
    ],
    [
      'DELETE',
      /^\/v1\/saved-projects\/([^/]+)$/,
      (_, response, [id]) => {
        state.documents = state.documents.filter((item) => item.id !== id);
        json(response, undefined, 204);
      },
    ],
    [
      'POST',
      /^\/v1\/saved-projects\/([^/]+)\/duplicate$/,
      (_, response, [id]) => {
        const copy = {
          ...structuredClone(state.documents.find((item) => item.id === id)),
          id: randomUUID(),
          row_version: 1,
        };
        copy.title += ' ۲';
        state.documents.unshift(copy);
        json(response, copy, 201);
      },
    ],
    [
      'POST',
      /^\/v1\/saved-projects\/([^/]+)\/preview$/,
      (request, response, [id]) =>
        control.failPreview
          ? problem(response, 422, control.failPreview)
          : json(
              response,
              resolve(
                state.documents.find((item) => item.id === id),
                request.json,
              ),
            ),
    ],
    [
      'POST',
      /^\/v1\/saved-projects\/([^/]+)\/render$/,
      (request, response, [id]) =>
        json(
          response,
          makeJob(
            state.documents.find((item) => item.id === id),
            request.json.profile,
          ),
          202,
        ),
    ],
    [
      'GET',
      /^\/v1\/audio\/library$/,
      (_, response) =>
        json(
          response,
          page([
            {
              id: 'b7c1a1de-0000-4000-8000-000000000001',
              title: { fa: 'بامداد', en: 'Dawn' },
              kind: 'music',
              duration_ms: 95000,
              url: '/p/dawn.wav',
              license: 'CC0-1.0',
            },
          ]),
        ),
    ],
    [
      'GET',
      /^\/v1\/render-jobs$/,
      (request, response) =>
        json(
          response,
          page(
            state.jobs.filter(
              (job) => job.saved_project_id === (request.query.get('saved_project_id') ?? job.saved_project_id),
            ),
          ),
        ),
    ],
    ['GET', /^\/v1\/exports$/, (_, response) => json(response, page(exportsOf(state.jobs)))],
    [
      'POST',
      /^\/v1\/exports\/([^/]+)\/renew$/,
      (_, response, [id]) => {
        state.renewed = id;
        json(response, { ...exportsOf(state.jobs).find((item) => item.id === id), status: 'pending' });
      },
    ],
    ['GET', /^\/v1\/(?:admin\/)?delivery-targets$/, (_, response) => json(response, { items: state.targets })],
    [
      'POST',
      /^\/v1\/admin\/delivery-targets$/,
      (request, response) => {
        if (request.json.config.url?.includes('10.0.0.1')) {
          const errors = [{ field: 'url', detail: '10.0.0.1 is an address of a private network' }];
          return json(response, { status: 422, code: 'render.target_invalid', errors }, 422);
        }
        const made = { ...TARGET, ...request.json, id: randomUUID() };
        state.targets.push(made);
        return json(response, { ...made, secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' }, 201);
      },
    ],
    ['POST', /^\/v1\/admin\/delivery-targets\/[^/]+\/test$/, (_, response) => json(response, DELIVERIES[0], 202)],
    ['GET', /^\/v1\/admin\/delivery-targets\/[^/]+\/deliveries$/, (_, response) => json(response, page(DELIVERIES))],
    [
      'GET',
      /^\/v1\/admin\/deliveries\/([^/]+)$/,
      (_, response) => json(response, { ...DELIVERIES[1], attempts: ATTEMPTS }),
    ],
    ['GET', /^\/v1\/output-profiles$/, (_, response) => json(response, { items: state.profiles })],
    ['GET', /^\/v1\/admin\/render-jobs$/, (_, response) => json(response, page(state.jobs))],
    [
      'GET',
      /^\/v1\/admin\/render-jobs\/([^/]+)\/frames\/\d+$/,
      (_, response) => {
        response.writeHead(302, { Location: '/p/poster.svg' });
        response.end();
      },
    ],
    [
      'GET',
      /^\/v1\/admin\/render-jobs\/([^/]+)\/repairs$/,
      (_, response, [id]) => json(response, { items: state.repairs.filter((repair) => repair.of === id) }),
    ],
    [
      'POST',
      /^\/v1\/admin\/render-jobs\/([^/]+)\/repair$/,
      (request, response, [id]) => {
        state.repairs.unshift({
          of: id,
          id: randomUUID(),
          frames: [[request.json.first_frame, request.json.last_frame]],
          frame_count: request.json.last_frame - request.json.first_frame + 1,
          reason: 'visual_glitch',
          detected_by: 'admin',
          status: 'queued',
          error: null,
          node_name: null,
          created_at: stamp(),
          finished_at: null,
        });
        json(response, { items: state.repairs }, 202);
      },
    ],
    [
      'GET',
      /^\/v1\/admin\/render-jobs\/([^/]+)\/attempts$/,
      (_, response) => json(response, { items: state.attempts }),
    ],
    [
      'GET',
      /^\/v1\/admin\/template-flags$/,
      (request, response) =>
        json(response, {
          items: state.flags.filter((flag) => flag.project_id === (request.query.get('project_id') ?? flag.project_id)),
        }),
    ],
    [
      'POST',
      /^\/v1\/admin\/template-flags\/([^/]+)\/clear$/,
      (_, response, [id]) => {
        state.flags = state.flags.filter((flag) => flag.id !== id);
        json(response, null, 204);
      },
    ],
    [
      'GET',
      /^\/v1\/(?:admin\/)?render-jobs\/([^/]+)$/,
      (_, response, [id]) => {
        const found = state.jobs.find((item) => item.id === id);
        return found ? json(response, found) : problem(response, 404, 'render.not_found');
      },
    ],
    [
      'GET',
      /^\/v1\/render-jobs\/([^/]+)\/events$/,
      (_, response, [id]) => {
        const set = jobStreams.get(id) ?? new Set();
        jobStreams.set(id, set);
        stream(response, set);
        tellJob(state.jobs.find((item) => item.id === id));
      },
    ],
    [
      'POST',
      /^\/v1\/(?:admin\/)?render-jobs\/([^/]+)\/cancel$/,
      (_, response, [id]) => {
        const job = state.jobs.find((item) => item.id === id);
        job.status = 'canceling';
        tellJob(job);
        json(response, job);
      },
    ],
    [
      'POST',
      /^\/v1\/render-jobs\/([^/]+)\/retry$/,
      (_, response, [id]) => {
        const job = state.jobs.find((item) => item.id === id);
        json(response, makeJob({ id: job.saved_project_id, title: job.title }, job.profile), 202);
      },
    ],
    [
      'POST',
      /^\/v1\/snapshots$/,
      (request, response) => {
        const snapshot = {
          id: randomUUID(),
          status: 'done',
          image_url: `/p/server-${request.json.scene.scene_key}-${request.json.frame}.svg`,
          error_code: null,
        };
        const first = { ...snapshot, status: 'queued', image_url: null };
        state.snapshots.set(snapshot.id, snapshot);
        json(response, first, 202);
      },
    ],
    ['GET', /^\/v1\/snapshots\/([^/]+)$/, (_, response, [id]) => json(response, state.snapshots.get(id))],
    [
      'GET',
      /^\/v1\/scene-snapshots\/([^/]+)$/,
      (_, response, [id]) => json(response, { items: state.sceneJobs.get(id) ?? [] }),
    ],
    [
      'POST',
      /^\/v1\/scene-snapshots\/([^/]+)$/,
      (_, response, [id]) => {
        const project = state.projects.find((item) => item.id === id);
        const jobs = project.scenes.map((item) => ({
          scene_id: item.id,
          scene_key: item.key,
          status: 'queued',
          image_url: null,
          error_message: null,
          attempt: 1,
          started_at: null,
          finished_at: null,
        }));
        state.sceneJobs.set(id, jobs);
        jobs.forEach((job, index) => {
          setTimeout(() => Object.assign(job, { status: 'running', started_at: stamp() }), 300 + index * 500);
          setTimeout(
            () => {
              if (job.scene_key === 'until')
                return Object.assign(job, {
                  status: 'error',
                  error_message: 'engine_timeout: the scene did not answer in 30 s',
                });
              project.scenes[index].snapshot_url = `/p/snapshot-${job.scene_key}.svg`;
              return Object.assign(job, {
                status: 'done',
                image_url: `/p/snapshot-${job.scene_key}.svg`,
                finished_at: stamp(),
              });
            },
            800 + index * 500,
          );
        });
        json(response, { items: jobs }, 202);
      },
    ],
    ['GET', /^\/v1\/admin\/nodes$/, (_, response) => json(response, page(state.nodes))],
    ['GET', /^\/v1\/admin\/farm\/nodes$/, (_, response) => json(response, { items: state.nodes.map(farmNode) })],
    ['GET', /^\/v1\/admin\/farm$/, (_, response) => json(response, farm(state.projects))],
    ['GET', /^\/v1\/admin\/nodes\/([^/]+)\/health$/, (_, response) => json(response, nodeHealth())],
    ['GET', /^\/v1\/admin\/nodes\/([^/]+)\/crashes$/, (_, response) => json(response, page(crashes()))],
    [
      'POST',
      /^\/v1\/admin\/nodes\/([^/]+)\/(quarantine|release|rotate-token)$/,
      (_, response, [id, what]) => {
        const node = state.nodes.find((item) => item.id === id);
        if (what !== 'rotate-token') node.status = what === 'quarantine' ? 'quarantined' : 'online';
        node.quarantine_reason = what === 'quarantine' ? 'by hand' : null;
        json(response, node);
      },
    ],
    [
      'POST',
      /^\/v1\/admin\/nodes\/([^/]+)\/(restart|purge-cache|collect-logs)$/,
      (_, response, [id, what]) => {
        const node = state.nodes.find((item) => item.id === id);
        const command = { restart: 'restart_agent', 'purge-cache': 'purge_cache', 'collect-logs': 'collect_logs' }[
          what
        ];
        const detail =
          command === 'collect_logs' ? 'INFO registered node=1 name=node-1\nINFO awake' : '3 files removed';
        const told = { id: randomUUID(), command, status: 'done', detail, created_at: new Date().toISOString() };
        node.told.unshift(told);
        json(response, told, 202);
      },
    ],
    [
      'GET',
      /^\/v1\/admin\/nodes\/([^/]+)\/commands$/,
      (_, response, [id]) => json(response, { items: state.nodes.find((item) => item.id === id).told }),
    ],
    [
      'PUT',
      /^\/v1\/admin\/nodes\/([^/]+)\/hours$/,
      (request, response, [id]) => {
        const node = state.nodes.find((item) => item.id === id);
        Object.assign(node, { hours: request.json, hours_set: true, asleep_until: '2030-01-01T18:30:00Z' });
        json(response, node);
      },
    ],
    [
      'POST',
      /^\/v1\/admin\/nodes\/([^/]+)\/(drain|resume)$/,
      (_, response, [id, what]) => {
        const node = state.nodes.find((item) => item.id === id);
        node.status = what === 'drain' ? 'draining' : 'online';
        json(response, node);
      },
    ],
    [
      'POST',
      /^\/v1\/files$/,
      (request, response) => {
        const file = {
          id: randomUUID(),
          name: decodeURIComponent(request.headers['x-file-name']),
          kind: 'image',
          purpose: request.headers['x-file-purpose'],
          bytes: request.body.length,
          sha256: '',
          content_type: request.headers['content-type'],
          width: 800,
          height: 600,
          duration_ms: null,
          created_at: stamp(),
        };
        file.content_url = `/v1/files/${file.id}/content`;
        state.files.unshift({ ...file, body: request.body });
        json(response, file, 201);
      },
    ],
    [
      'GET',
      /^\/v1\/files$/,
      (_, response) =>
        json(
          response,
          page(state.files.filter((file) => file.purpose === 'user_media').map(({ body: _body, ...file }) => file)),
        ),
    ],
    [
      'GET',
      /^\/v1\/files\/([^/]+)$/,
      (_, response, [id]) => {
        const found = state.files.find((item) => item.id === id);
        return found ? json(response, { ...found, body: undefined }) : problem(response, 404, 'files.not_found');
      },
    ],
    [
      'GET',
      /^\/v1\/files\/([^/]+)\/content$/,
      (_, response, [id]) => {
        const file = state.files.find((item) => item.id === id);
        response.writeHead(200, { 'Content-Type': file.content_type });
        response.end(file.body);
      },
    ],
    ['GET', /^\/v1\/notifications$/, (_, response) => json(response, page(state.notices))],
    [
      'GET',
      /^\/v1\/notifications\/unread-count$/,
      (_, response) => json(response, { unread_count: state.notices.filter((item) => !item.read_at).length }),
    ],
    [
      'POST',
      /^\/v1\/notifications\/read-all$/,
      (_, response) => {
        for (const item of state.notices) item.read_at ??= stamp();
        json(response, undefined, 204);
      },
    ],
    [
      'POST',
      /^\/v1\/notifications\/([^/]+)\/read$/,
      (_, response, [id]) => {
        state.notices.find((item) => item.id === id).read_at ??= stamp();
        json(response, undefined, 204);
      },
    ],
    ['GET', /^\/v1\/notifications\/stream$/, (_, response) => stream(response, streams)],
  ];
  state.me = {
    id: randomUUID(),
    email: 'sara@example.com',
    display_name: 'سارا نیک‌زاد',
    locale: null,
    roles: ['admin'],
    permissions: ['admin.templates', 'admin.render', 'admin.nodes'],
    tenant: { id: randomUUID(), slug: 'default', product_name: 'FlatRender', default_locale: 'fa' },
  };

  function serveFile(response, path, headers = {}) {
    response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', ...headers });
    createReadStream(path).pipe(response);
  }
  function servePublic(request, response, path) {
    const name = path.slice(3);
    if (name.startsWith('film-')) {
      const bytes = readFileSync(film);
      const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
      if (!range) {
        response.writeHead(200, {
          'Content-Type': 'video/mp4',
          'Accept-Ranges': 'bytes',
          'Content-Length': bytes.length,
        });
        return response.end(bytes);
      }
      const end = range[2] ? Number(range[2]) : bytes.length - 1;
      response.writeHead(206, {
        'Content-Type': 'video/mp4',
        'Content-Range': `bytes ${range[1]}-${end}/${bytes.length}`,
      });
      return response.end(bytes.subarray(Number(range[1]), end + 1));
    }
    if (!name.endsWith('.svg')) return problem(response, 404, 'files.not_found');
    const label = name.replace(/^(cover|scene|snapshot|server)-/, '').replace('.svg', '');
    const colors = name.startsWith('snapshot') ? ['#3c1c4e', '#c2412d', '#f2b134'] : undefined;
    response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
    return response.end(picture(name, label, colors));
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://double');
    const path = url.pathname;
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      request.body = Buffer.concat(chunks);
      request.query = url.searchParams;
      if (path.startsWith('/p/')) return servePublic(request, response, path);
      if (!path.startsWith('/v1/')) {
        const wanted = normalize(join(root, path));
        const isFile = wanted.startsWith(root) && existsSync(wanted) && statSync(wanted).isFile();
        const isAsset = isFile && !wanted.endsWith('index.html');
        return serveFile(response, isFile ? wanted : join(root, 'index.html'), {
          'Content-Security-Policy': isAsset ? "default-src 'none'" : POLICY,
        });
      }
      if (request.headers['content-type'] === 'application/json')
        request.json = JSON.parse(request.body.toString() || '{}');
      if (request.method !== 'GET' && request.headers['x-flatrender-client'] !== 'web')
        return problem(response, 403, 'identity.client_header_missing');
      if (path === '/v1/auth/login') {
        if (request.json.password !== 'correct horse') return problem(response, 401, 'identity.invalid_credentials');
        return json(
          response,
          { user: state.me, access_expires_at: new Date(Date.now() + 900_000).toISOString() },
          200,
          { 'Set-Cookie': 'session=1; HttpOnly; Path=/; SameSite=Lax' },
        );
      }
      const signedIn = /session=1/.test(request.headers.cookie ?? '');
      if (path === '/v1/auth/refresh') {
        if (!signedIn) return problem(response, 401, 'identity.not_signed_in');
        control.expired = false;
        return json(response, { access_expires_at: new Date(Date.now() + 900_000).toISOString() });
      }
      if (path !== '/v1/tenant' && !signedIn) return problem(response, 401, 'identity.not_signed_in');
      if (path !== '/v1/tenant' && control.expired) return problem(response, 401, 'identity.token_expired');
      const isList =
        /^\/v1\/(admin\/)?(projects|saved-projects|render-jobs|nodes)$/.test(path) && request.method === 'GET';
      if (isList && control.slowLists) await new Promise((done) => setTimeout(done, control.slowLists));
      if (isList && control.failLists) return problem(response, 500, 'internal_error');
      for (const [method, pattern, handle] of routes) {
        const match = method === request.method && pattern.exec(path);
        if (match) return handle(request, response, match.slice(1));
      }
      return problem(response, 404, 'not_found');
    });
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      done({
        url: `http://127.0.0.1:${port}`,
        state,
        control,
        makeDocument,
        close: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
}
