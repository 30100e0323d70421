/** The farm's dashboards in the test double: two nodes, one of them drawing, a queue of two tenants, a few failures. */
import { randomUUID } from 'node:crypto';

const minute = 60_000;
const at = (ago) => new Date(Math.floor(Date.now() / minute) * minute - ago * minute).toISOString();
const wave = (index, low, high) => low + ((high - low) * (1 + Math.sin(index / 5))) / 2;

export function farmNode(node, index) {
  return {
    id: node.id,
    working_on: index
      ? []
      : ['opening', 'picture', 'ending', 'credits'].map((scene_key, place) => ({
          kind: 'frame',
          render_job_id: randomUUID(),
          title: 'فروش ویژهٔ پاییز',
          scene_key,
          frames: 120,
          frames_done: 30 * (3 - place),
          progress_pct: 25 * (3 - place),
          started_at: at(1),
        })),
    recent: Array.from({ length: 60 }, (_, place) => ({
      at: at(60 - place),
      cpu_pct: wave(place, 20, 95),
      mem_pct: wave(place + 3, 40, 60),
      load1: wave(place, 1, 7),
      active_jobs: 3,
    })),
    picture_url: null,
    picture_at: null,
    cache_entries: index ? 0 : 4,
    cache_bytes: 3 * 2 ** 30,
    cache_hits: 12,
  };
}

export function nodeHealth() {
  return {
    since: at(60),
    until: at(0),
    step_s: 60,
    points: Array.from({ length: 60 }, (_, place) => ({
      at: at(60 - place),
      samples: 4,
      cpu_pct: wave(place, 20, 80),
      cpu_pct_max: wave(place, 30, 98),
      mem_used_bytes: Math.round(wave(place, 5, 9) * 2 ** 30),
      load1: wave(place, 1, 7),
      disk_free_bytes: (200 - place) * 2 ** 30,
      disk_write_bps: Math.round(wave(place, 1, 40) * 2 ** 20),
      engine_rss_bytes: Math.round(wave(place, 1, 3) * 2 ** 30),
      active_jobs: place % 4,
      net_rx_bps: Math.round(wave(place + 2, 0, 9) * 2 ** 20),
      net_tx_bps: Math.round(wave(place + 9, 0, 5) * 2 ** 20),
      clock_skew_ms: -12,
    })),
  };
}

export function crashes() {
  return [
    {
      id: randomUUID(),
      kind: 'engine_crash',
      engine: 'thorvg',
      code: 'engine_crashed',
      scene_key: 'opening',
      frame: 17,
      log: 'scene opening: the renderer ended with signal 11 at frame 17',
      recovery: 'retried_other',
      occurred_at: at(200),
    },
  ];
}

export function farm(projects) {
  const bins = 96;
  return {
    since: at(24 * 60),
    step_s: 900,
    queue: [
      {
        lane: 'preview',
        pool: 'default',
        tenant_id: randomUUID(),
        tenant_name: 'آونگ',
        waiting: 1,
        running: 1,
        oldest_s: 0.4,
      },
      {
        lane: 'final',
        pool: 'default',
        tenant_id: randomUUID(),
        tenant_name: 'آونگ',
        waiting: 37,
        running: 4,
        oldest_s: 812,
      },
      {
        lane: 'draft',
        pool: 'default',
        tenant_id: randomUUID(),
        tenant_name: null,
        waiting: 0,
        running: 2,
        oldest_s: null,
      },
    ],
    throughput: Array.from({ length: bins }, (_, place) => ({
      at: at(24 * 60 - 15 * place),
      frames: 9000,
      frames_per_s: wave(place, 2, 48),
      chunks: 80,
      node_seconds: 3000,
    })),
    failures: [10, 11, 40, 41, 42, 80].map((place) => ({
      at: at(24 * 60 - 15 * place),
      classes: { engine: place % 3, node: 1, lost: place % 2, film: 1 },
    })),
    slow_templates: [
      {
        project_id: projects[0].id,
        title: projects[0].title,
        engine: 'aerender',
        height: 1080,
        frames: 4200,
        seconds_per_frame: 2.4,
      },
      {
        project_id: randomUUID(),
        title: null,
        engine: 'thorvg',
        height: 720,
        frames: 90_000,
        seconds_per_frame: 0.041,
      },
    ],
    budget: {
      window_days: 7,
      target_pct: 99.5,
      completed: 4180,
      failed: 25,
      failed_by_content: 9,
      canceled: 31,
      success_pct: 99.62,
      used_pct: 76,
      median_film_s: 48,
    },
  };
}
