import { randomUUID } from 'node:crypto';

const two = (fa, en) => ({ fa, en });
const slots = [
  { key: 'primary', label: two('رنگ زمینه', 'Background'), default: '#12303c' },
  { key: 'accent', label: two('رنگ تاکید', 'Accent'), default: '#f2b134' },
  { key: 'text', label: two('رنگ متن', 'Text'), default: '#f4f7f9' },
  {
    key: 'badge',
    label: two('نوشتهٔ نشان', 'Words on the badge'),
    default: '#12303c',
    derive: { from: 'accent', contrast: ['primary', 'text'] },
  },
];
const presets = [
  {
    key: 'sea',
    name: two('دریا', 'Sea'),
    colors: { primary: '#12303c', accent: '#f2b134', text: '#f4f7f9' },
    is_default: true,
  },
  { key: 'night', name: two('شب', 'Night'), colors: { primary: '#0b1026', accent: '#7c5cff', text: '#eef0ff' } },
  { key: 'paper', name: two('کاغذ', 'Paper'), colors: { primary: '#f4efe6', accent: '#c2412d', text: '#2b2118' } },
  { key: 'garden', name: two('باغ', 'Garden'), colors: { primary: '#163a24', accent: '#9bd64a', text: '#f1f8ea' } },
];
const headline = (fa, en) => ({
  key: 'headline',
  type: 'text',
  label: two('تیتر', 'Headline'),
  default: two(fa, en),
  constraints: { max_length: 40 },
  is_required: true,
});
const everyField = [
  headline('محصول تازهٔ ما', 'Our new product'),
  {
    key: 'body',
    type: 'textarea',
    label: two('توضیح', 'Description'),
    default: two('سبک، سریع و زیبا', 'Light, fast and beautiful'),
    constraints: { max_length: 140, max_lines: 3 },
  },
  {
    key: 'photo',
    type: 'image',
    label: two('تصویر محصول', 'Product picture'),
    default: '/p/scene-feature.svg',
    constraints: { fit: 'cover' },
  },
  { key: 'badge', type: 'color', label: two('رنگ نشان', 'Badge colour'), default: '#c2412d' },
  {
    key: 'price',
    type: 'number',
    label: two('قیمت', 'Price'),
    default: 125,
    constraints: { min: 0, max: 1000, step: 5, suffix: '$' },
  },
  { key: 'glow', type: 'slider', label: two('درخشش', 'Glow'), default: 60, constraints: { min: 0, max: 100, step: 1 } },
  { key: 'logo', type: 'checkbox', label: two('نمایش لوگو', 'Show the logo'), default: true },
  {
    key: 'layout',
    type: 'dropdown',
    label: two('چیدمان', 'Layout'),
    default: 'left',
    options: [
      { key: 'left', label: two('چپ', 'Left') },
      { key: 'right', label: two('راست', 'Right') },
    ],
  },
  { key: 'face', type: 'font', label: two('قلم', 'Font'), default: 'Vazirmatn' },
];
const scene = (key, fa, en, type, frames, extra = {}) => ({
  id: randomUUID(),
  key,
  title: two(fa, en),
  scene_type: type,
  duration_frames: frames,
  snapshot_frame: Math.floor(frames / 2),
  snapshot_url: null,
  image: `/p/scene-${key}.svg`,
  can_repeat: type === 'normal',
  is_required: type !== 'normal',
  is_active: true,
  color_slots: ['primary', 'accent'],
  fields: [headline(fa, en)],
  ...extra,
});
const wide = { key: '16x9', width: 1920, height: 1080 };
const tall = { key: '9x16', width: 1080, height: 1920 };
const square = { key: '1x1', width: 1080, height: 1080 };

function project(slug, title, description, category, sizes, scenes, extra = {}) {
  return {
    id: randomUUID(),
    version_id: randomUUID(),
    slug,
    title,
    description,
    category,
    cover_url: `/p/cover-${slug}.svg`,
    fps: 30,
    duration_frames: scenes.reduce((sum, item) => sum + item.duration_frames, 0),
    sizes,
    scene_count: scenes.length,
    published_at: '2026-11-20T09:00:00Z',
    status: 'published',
    row_version: 3,
    warnings: [],
    color_slots: slots,
    presets,
    fields: [
      {
        key: 'brand',
        type: 'text',
        label: two('نام برند', 'Brand name'),
        default: two('نمونه', 'Sample'),
        constraints: { max_length: 30 },
      },
      { key: 'sign', type: 'checkbox', label: two('امضا در پایان', 'Sign at the end'), default: false },
      {
        key: 'signature',
        type: 'text',
        label: two('متن امضا', 'Words of the signature'),
        default: two('تیم نمونه', 'The sample team'),
        constraints: { max_length: 40, visible_when: [{ field: 'sign', is: true }] },
      },
    ],
    fonts: [{ family: 'Vazirmatn' }],
    music: [
      { key: 'drive', title: two('رانش', 'Drive'), track_id: randomUUID(), url: '/p/drive.wav', duration_ms: 62000 },
    ],
    scenes,
    ...extra,
  };
}

export function seed() {
  const projects = [
    project(
      'promo',
      two('معرفی محصول', 'Product promo'),
      two(
        'پنج صحنهٔ پویا برای معرفی یک محصول با تصویر و قیمت.',
        'Five lively scenes that present a product with pictures and a price.',
      ),
      'promo',
      [wide, tall, square],
      [
        scene('opening', 'شروع', 'Opening', 'intro', 90),
        scene('feature', 'ویژگی', 'Feature', 'normal', 120, { fields: everyField }),
        scene('photos', 'تصویرها', 'Pictures', 'normal', 105),
        scene('offer', 'پیشنهاد', 'Offer', 'normal', 90),
        scene('closing', 'پایان', 'Closing', 'outro', 75, { fields: [] }),
      ],
    ),
    project(
      'quote',
      two('نقل قول', 'Quote'),
      two('یک جمله، زیبا و آرام.', 'One sentence, calm and beautiful.'),
      'social',
      [square, wide],
      [scene('quote', 'جمله', 'Quote', 'intro', 150), scene('author', 'گوینده', 'Author', 'outro', 60)],
    ),
    project(
      'sale',
      two('اعلام حراج', 'Sale announcement'),
      two('پرانرژی، با درصد تخفیف و زمان پایان.', 'Energetic, with the discount and the last day.'),
      'promo',
      [wide],
      [
        scene('boom', 'انفجار', 'Boom', 'intro', 60),
        scene('percent', 'درصد', 'Percent', 'normal', 90),
        scene('until', 'تا کی', 'Until', 'outro', 60),
      ],
    ),
    project(
      'opener',
      two('آغازگر', 'Opener'),
      two('لوگو و شعار در سه ثانیه.', 'Logo and slogan in three seconds.'),
      'opener',
      [wide, tall],
      [scene('logo', 'لوگو', 'Logo', 'intro', 96)],
      {
        status: 'draft',
        published_at: null,
        warnings: [
          { code: 'text_shrunk', where: 'logo', detail: 'The layer Slogan uses an expression that is ignored.' },
        ],
      },
    ),
  ];
  const categories = [
    { slug: 'promo', name: two('معرفی', 'Promotion') },
    { slug: 'social', name: two('شبکه‌های اجتماعی', 'Social media') },
    { slug: 'opener', name: two('آغازگر', 'Openers') },
  ];
  const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  const nodes = ['node-1', 'node-2'].map((name, index) => ({
    id: randomUUID(),
    name,
    pool: 'default',
    status: index ? 'draining' : 'online',
    agent_version: '0.1.0',
    os: 'Linux 6.1',
    engines: ['thorvg'],
    cpu_cores: 8,
    memory_bytes: 16 * 2 ** 30,
    max_slots: 4,
    used_slots: index ? 1 : 3,
    last_heartbeat_at: ago(0.2),
    crash_count_24h: index,
    quarantine_reason: null,
    hours: index ? { begin: '22:00', end: '08:00', days: [6, 7, 1, 2, 3], time_zone: 'Asia/Tehran' } : null,
    hours_set: false,
    asleep_until: null,
    understands: ['restart_agent', 'kill_job', 'purge_cache', 'collect_logs'],
    told: [],
  }));
  const notices = [
    {
      id: randomUUID(),
      type_key: 'render.completed',
      title: 'ready',
      body: 'معرفی محصول',
      action_url: '/films',
      image_url: null,
      read_at: null,
      created_at: ago(12),
    },
    {
      id: randomUUID(),
      type_key: 'render.failed',
      title: 'failed',
      body: 'اعلام حراج',
      action_url: '/films',
      image_url: null,
      read_at: ago(100),
      created_at: ago(200),
    },
  ];
  const profile = (key, container, max_height, more = {}) => ({
    key,
    name: { 'fa-IR': key, en: key },
    container,
    max_height,
    is_transparent: false,
    has_sound: true,
    has_watermark: false,
    cost_multiplier: 1,
    ...more,
  });
  const profiles = [
    profile('draft', 'mp4', 360),
    profile('gif', 'gif', 360, { has_sound: false }),
    profile('720p', 'mp4', 720),
    profile('1080p', 'mp4', 1080),
    profile('1080p-h265', 'mp4', 1080),
    profile('1080p-webm', 'webm', 1080),
    profile('1080p-alpha', 'mov', 1080, { is_transparent: true }),
    profile('1080p-frames', 'png_seq', 1080, { has_sound: false }),
    profile('2160p', 'mp4', 2160),
  ];
  return {
    profiles,
    projects,
    categories,
    nodes,
    notices,
    documents: [],
    jobs: [],
    repairs: [],
    attempts: [
      {
        frame_job_id: '0c1b7b1e-0000-4000-8000-000000000002',
        epoch: 2,
        chunk_no: 1,
        scene_key: 'gallery',
        first_frame: 120,
        last_frame: 239,
        engine: 'thorvg',
        is_repair: false,
        node_name: 'studio-2',
        outcome: 'completed',
        error_code: null,
        detail: null,
        seconds: 4.2,
        started_at: new Date(Date.now() - 60_000).toISOString(),
        finished_at: new Date().toISOString(),
        log_url: '/v1/admin/frame-attempts/0c1b7b1e-0000-4000-8000-000000000002/2/log',
      },
      {
        frame_job_id: '0c1b7b1e-0000-4000-8000-000000000002',
        epoch: 1,
        chunk_no: 1,
        scene_key: 'gallery',
        first_frame: 120,
        last_frame: 239,
        engine: 'thorvg',
        is_repair: false,
        node_name: 'studio-1',
        outcome: 'failed',
        error_code: 'engine_crashed',
        detail: 'the renderer died while it worked on this scene (signal 11 (SIGSEGV))',
        seconds: null,
        started_at: new Date(Date.now() - 120_000).toISOString(),
        finished_at: new Date().toISOString(),
        log_url: null,
      },
    ],
    flags: [],
    files: [],
    snapshots: new Map(),
    sceneJobs: new Map(),
  };
}
