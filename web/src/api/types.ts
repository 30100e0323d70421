/** The shapes of docs/api.md. Nothing else in the interface describes what the server sends. */

export type Localized = Record<string, string>;
export type Page<T> = { items: T[]; next_cursor: string | null };

export type Tenant = { slug: string; product_name: string; default_locale: string; primary_color: string | null };

export type Permission = 'admin.templates' | 'admin.render' | 'admin.nodes';

export type Me = {
  id: string;
  email: string;
  display_name: string | null;
  locale: string | null;
  roles: string[];
  permissions: string[];
  tenant: { id: string; slug: string; product_name: string; default_locale: string };
};

export type Session = { access_expires_at?: string | null };

export type Size = { key: string; width: number; height: number };
/** How a colour follows from others (docs/binding.md); colours are slots or `#rrggbb`. */
export type Derivation = {
  from: string;
  mix?: string | null;
  amount?: number;
  lighten?: number;
  chroma?: number;
  hue?: number;
  contrast?: string[];
  min_contrast?: number;
  against?: string | null;
};
export type ColorSlot = { key: string; label: Localized | string; default: string; derive?: Derivation | null };
export type Preset = {
  key: string;
  name?: Localized | string;
  colors: Record<string, string>;
  is_default?: boolean;
};
export type Music = {
  key: string;
  title: Localized | string;
  track_id: string;
  url: string | null;
  duration_ms: number;
};

export type FieldType =
  'text' | 'textarea' | 'image' | 'color' | 'number' | 'slider' | 'checkbox' | 'dropdown' | 'font' | 'date';
export type ClipAfter = 'freeze' | 'loop' | 'first' | 'hide';
/** How a film plays in its place: seconds of the file, a factor of speed, a factor of loudness. */
export type ClipOptions = { start?: number; end?: number; speed?: number; after?: ClipAfter; volume?: number };
/** A picture or film with more to say than which it is; other members of the platform's own are kept as they are. */
export type MediaValue = { asset: string; clip?: ClipOptions };
export type GradientValue = {
  kind?: 'linear' | 'radial';
  angle?: number;
  stops: { color: string; at: number; opacity?: number }[];
};
/** What a person puts behind a scene (docs/binding.md); colours are slots or `#rrggbb`. */
export type BackgroundValue = {
  color?: string | null;
  gradient?: GradientValue | null;
  image?: FieldValue;
  opacity?: number;
};
export type FieldValue = string | number | boolean | null | MediaValue | BackgroundValue;
export type FieldOption = { key: string; label: Localized | string };
export type FieldConstraints = {
  max_length?: number;
  min_font_size?: number;
  max_lines?: number;
  fit?: 'cover' | 'contain' | 'fill';
  min?: number;
  max?: number;
  step?: number;
  decimals?: number;
  suffix?: string;
  visible_when?: Condition[];
};
/** A condition between fields: `is` is a value or a list of values; without it the field must say something. */
export type Condition = { field: string; is?: FieldValue | FieldValue[]; not?: boolean };
/** How a scene's length follows what it holds; members left out have the defaults of docs/binding.md. */
export type DurationRule = {
  mode?: 'fixed' | 'stretch' | 'follow_text' | 'follow_clip' | 'follow_voice';
  min_frames?: number;
  max_frames?: number;
  fields?: string[];
  base_seconds?: number;
  seconds_per_word?: number;
  seconds_per_character?: number;
};
export type Field = {
  key: string;
  type: FieldType;
  label: Localized | string;
  default: Exclude<FieldValue, MediaValue | BackgroundValue> | Localized;
  options?: FieldOption[] | null;
  constraints?: FieldConstraints | null;
  is_required?: boolean;
};

export type SceneEngine = 'thorvg' | 'aerender';

export type Scene = {
  id: string;
  key: string;
  title: Localized | string;
  scene_type: 'intro' | 'normal' | 'outro';
  /** What draws its films: with `aerender` only After Effects draws it as designed, and a preview is approximate. */
  engine?: SceneEngine;
  duration_frames: number;
  snapshot_frame: number;
  snapshot_url: string | null;
  image: string | null;
  can_repeat: boolean;
  is_required: boolean;
  is_active?: boolean;
  color_slots: string[];
  duration?: DurationRule | null;
  fields: Field[];
};

export type ProjectStatus = 'draft' | 'published' | 'archived';

export type ProjectSummary = {
  id: string;
  slug: string;
  title: Localized | string;
  description: Localized | string | null;
  category: string | null;
  cover_url: string | null;
  fps: number;
  duration_frames: number | null;
  sizes: Size[];
  scene_count: number;
  published_at: string | null;
  status?: ProjectStatus;
};

export type Project = ProjectSummary & {
  version_id: string;
  color_slots: ColorSlot[];
  presets: Preset[];
  fields: Field[];
  fonts: string[];
  music: Music[];
  scenes: Scene[];
};

/** Shapes of one colour of a traced scene, and how they follow a colour slot. */
export type SvgGroup = {
  number: number;
  color: string;
  /** Of the picture that they cover, 0–1. */
  share: number;
  /** They belong to a picture that the scene shows. */
  pictured: boolean;
  chosen: boolean;
  slot: string | null;
  toward: string | null;
  amount: number;
  lighten: number;
  chroma: number;
  hue: number;
};
export type TraceDetail = 'low' | 'medium' | 'high';
export type SvgPreviewSummary = {
  id: string;
  scene_id: string | null;
  scene_key: string | null;
  width: number;
  height: number;
  path_count: number;
  bytes: number;
  source: 'file' | 'svg' | 'snapshot';
  colors: number;
  detail: TraceDetail;
  reduced: boolean;
  palette: Record<string, string>;
  groups: SvgGroup[];
  created_at: string;
  updated_at: string;
};
export type SvgPreview = SvgPreviewSummary & { svg: string };
export type TraceRequest = {
  scene_id: string | null;
  file_id?: string;
  svg?: string;
  snapshot?: boolean;
  colors: number;
  detail: TraceDetail;
};

export type ImportWarning = { code: string; detail: string; where: string };
export type Verdict = 'exact' | 'approximate' | 'not_drawn';
/** A feature of an After Effects project at one place, and what becomes of it without After Effects. */
export type Finding = { feature: string; verdict: Verdict; place: string; sentence: string };
export type AdminScene = Scene & {
  /** The composition of the After Effects project that it is. */
  composition: string | null;
  findings: Finding[];
};
/** The After Effects project that a version was made from, and what is missing of it. */
export type ProjectSource = {
  path: string;
  file_id: string;
  sha256: string;
  missing_fonts: { name: string; family: string; style: string }[];
  missing_footage: { name: string; path: string }[];
};
export type AdminProject = Omit<Project, 'scenes'> & {
  row_version: number;
  published_version_id: string | null;
  warnings: ImportWarning[];
  scenes: AdminScene[];
  source: ProjectSource | null;
};
/** The import of an After Effects project, which goes on after the request. */
export type ProjectImport = {
  id: string;
  status: 'queued' | 'running' | 'done' | 'failed';
  file_name: string;
  project_id: string | null;
  problem: { code: string; detail: string; where: string | null } | null;
  created_at: string;
};

export type Category = { slug: string; name: Localized | string };

export type Values = Record<string, FieldValue>;
export type Colors = Record<string, string>;

export type Audio = {
  music_track_id: string | null;
  music_volume: number;
  music_start_ms: number;
  music_fade_out_ms: number;
  voiceover_track_id: string | null;
  voiceover_volume: number;
  voiceover_start_ms: number;
  sfx_enabled: boolean;
  sfx_volume: number;
};

export const TRANSITIONS = ['cut', 'dissolve', 'push', 'slide', 'wipe', 'circle', 'zoom', 'fade'] as const;
export type TransitionKind = (typeof TRANSITIONS)[number];
/** How a scene gives way to the next one; `direction` is where push, slide and wipe move to, `color` what a fade goes through. */
export type SceneTransition = {
  kind: TransitionKind;
  duration_ms: number;
  direction: 'left' | 'right' | 'up' | 'down';
  color: string;
};

export type SavedScene = {
  id: string | null;
  scene_key: string;
  values: Values;
  colors: Colors;
  duration_frames: number | null;
  /** To the next scene; null is a cut. */
  transition: SceneTransition | null;
};

/** What a PUT of a saved project carries: the document without its read-only members. */
export type DocumentBody = {
  title: string;
  size: string;
  locale: string;
  palette: Colors;
  global_values: Values;
  audio: Audio;
  scenes: SavedScene[];
};

export type SavedProject = DocumentBody & {
  id: string;
  status: string;
  project_id: string;
  project_version_id: string;
  duration_frames: number | null;
  thumbnail_url: string | null;
  row_version: number;
  created_at: string;
  updated_at: string;
};

export type SavedProjectSummary = Pick<
  SavedProject,
  | 'id'
  | 'title'
  | 'status'
  | 'project_id'
  | 'thumbnail_url'
  | 'updated_at'
  | 'created_at'
  | 'size'
  | 'duration_frames'
  | 'row_version'
>;

export type SceneWarning = { code: string; detail: string; field: string | null; layer: string | null };

export type PreviewRequest = {
  scene: { scene_key: string; values: Values; colors: Colors; duration_frames?: number };
  palette?: Colors;
  global_values?: Values;
  locale?: string;
  size?: string;
  max_width?: number;
};

export type ResolvedScene = {
  lottie: unknown;
  sha256: string;
  width: number;
  height: number;
  fps: number;
  first_frame: number;
  frames: number;
  warnings: SceneWarning[];
};

export type Track = {
  id: string;
  title: Localized | string;
  kind: string;
  duration_ms: number;
  url: string | null;
  license: string | null;
};

/** A file's container: `png_seq` and `jpeg_seq` are ZIPs of pictures. */
export type Container = 'mp4' | 'mov' | 'webm' | 'gif' | 'webp' | 'apng' | 'png_seq' | 'jpeg_seq';
/** A kind of film that can be asked for. */
export type OutputProfile = {
  key: string;
  name: Localized;
  container: Container;
  max_height: number;
  is_transparent: boolean;
  has_sound: boolean;
  has_watermark: boolean;
  cost_multiplier: number;
};
export type RenderStatus =
  | 'queued'
  | 'preparing'
  | 'rendering'
  | 'stitching'
  | 'audio_mix'
  | 'encoding'
  | 'uploading'
  | 'completed'
  | 'failed'
  | 'canceling'
  | 'canceled';

export type Export = {
  id: string;
  file_id: string;
  bytes: number;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  container?: Container | null;
  play_url: string;
  download_url: string;
  poster_url: string | null;
};

export type ExportStatus = 'pending' | 'ready' | 'failed' | 'expired' | 'removed';
/** One of the files that a film is made as; number 0 is the film itself. */
export type JobOutput = {
  id: string;
  output: number;
  profile: string;
  status: ExportStatus;
  container: Container | null;
  width: number | null;
  height: number | null;
  bytes: number | null;
  expires_at: string | null;
  error_code: string | null;
  download_url: string | null;
};
/** The same in the list of all files, with its film. */
export type ExportFile = JobOutput & {
  render_job_id: string;
  saved_project_id: string;
  title: string;
  duration_ms: number | null;
  poster_url: string | null;
  download_count: number;
  created_at: string;
};

export type TargetStatus = 'active' | 'paused' | 'disabled_failing' | 'disabled_gone';
export type TargetBrief = {
  id: string;
  name: string;
  kind: 's3' | 'webhook';
  is_default: boolean;
  status: TargetStatus;
};
/** `url` of a webhook, the rest of a bucket. */
export type TargetConfig = {
  url?: string;
  endpoint?: string;
  bucket?: string;
  access_key_id?: string;
  region?: string;
  prefix?: string;
  key_template?: string;
  path_style?: boolean;
};
export type DeliveryTarget = TargetBrief & {
  config: TargetConfig;
  consecutive_failures: number;
  last_success_at: string | null;
  last_error: string | null;
  row_version: number;
  created_at: string;
};
/** A webhook's signing secret is shown this once. */
export type NewDeliveryTarget = DeliveryTarget & { secret: string | null };
export type Delivery = {
  id: string;
  target_id: string;
  export_id: string | null;
  event_type: string;
  message_id: string;
  status: 'pending' | 'sending' | 'delivered' | 'dead' | 'cancelled';
  attempt: number;
  next_attempt_at: string | null;
  last_status_code: number | null;
  last_error: string | null;
  location: string | null;
  replay_of_id: string | null;
  delivered_at: string | null;
  created_at: string;
};
export type DeliveryAttempt = {
  attempt: number;
  outcome: 'delivered' | 'failed' | 'refused';
  status_code: number | null;
  error: string | null;
  response: string | null;
  address: string | null;
  duration_ms: number;
  created_at: string;
};
export type DeliveryDetail = Delivery & { attempts: DeliveryAttempt[] };

export type RenderJob = {
  id: string;
  saved_project_id: string;
  title: string;
  profile: string;
  status: RenderStatus;
  progress_pct: number;
  seconds_left: number | null;
  queue_position: number | null;
  /** `after_effects`: a part of it needs a node with After Effects, and none is there now. */
  waits_for?: 'after_effects' | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  total_frames: number | null;
  error_code: string | null;
  error_message: string | null;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
  export: Export | null;
  /** All files that it is made as, the film itself first. */
  outputs?: JobOutput[];
};

/** What asking for a film answers: the job before the farm has planned it. */
export type PressedRender = Pick<
  RenderJob,
  'id' | 'saved_project_id' | 'title' | 'profile' | 'status' | 'progress_pct' | 'queued_at'
>;

export type Snapshot = { id: string; status: string; image_url: string | null; error_code: string | null };

export type SceneSnapshotJob = {
  scene_id: string;
  scene_key: string;
  status: 'queued' | 'running' | 'done' | 'error';
  image_url: string | null;
  error_message: string | null;
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
};

export type RenderNode = {
  id: string;
  name: string;
  pool: string | null;
  status: string;
  agent_version: string | null;
  os: string | null;
  engines: Record<string, unknown>;
  cpu_cores: number | null;
  memory_bytes: number | null;
  max_slots: number;
  used_slots: number;
  last_heartbeat_at: string | null;
  crash_count_24h: number;
  quarantine_reason: string | null;
  hours: NodeHours | null;
  hours_set: boolean;
  asleep_until: string | null;
  understands: string[];
};

/** When a node works; `days` are those on which the hours begin, 1 (Monday) to 7 (Sunday). */
export type NodeHours = { begin: string; end: string; days: number[]; time_zone: string };

export type NodeCommand = {
  id: string;
  command: string;
  status: 'pending' | 'delivered' | 'done' | 'failed' | 'expired';
  detail: string | null;
  created_at: string;
};

export type StoredFile = {
  id: string;
  name: string;
  kind: string;
  purpose: string;
  bytes: number;
  sha256: string;
  content_type: string;
  width: number | null;
  height: number | null;
  duration_ms: number | null;
  content_url: string;
  created_at: string;
};
/** A sound's outline: `buckets` is base64 of two signed bytes a bucket, lowest and highest. */
export type Waveform = { version: number; per_second: number; duration_s: number; buckets: string };
export type FilePurpose = 'user_media' | 'audio' | 'template_package' | 'font';

export type Notice = {
  id: string;
  type_key: string;
  title: string | null;
  body: string | null;
  action_url: string | null;
  image_url: string | null;
  read_at: string | null;
  created_at: string;
  payload?: Record<string, unknown> | null;
};

/** Frames of one part of a film that are, or were, drawn again. */
export type FrameRepair = {
  id: string;
  /** Runs of frames, both ends included. */
  frames: [number, number][];
  frame_count: number;
  reason: string;
  detected_by: string;
  status: string;
  error: string | null;
  node_name: string | null;
  created_at: string;
  finished_at: string | null;
};

/** One claim of a part of a film by a node. */
export type RenderAttempt = {
  frame_job_id: string;
  epoch: number;
  chunk_no: number;
  scene_key: string | null;
  first_frame: number;
  last_frame: number;
  engine: string;
  is_repair: boolean;
  node_name: string | null;
  outcome: string | null;
  error_code: string | null;
  detail: string | null;
  seconds: number | null;
  started_at: string;
  finished_at: string | null;
  log_url: string | null;
};

/** A scene that stopped engines on several nodes. */
export type TemplateFlag = {
  id: string;
  project_id: string;
  scene_key: string;
  engines_stopped: number;
  kind: string;
  code: string;
  flagged_at: string;
};
