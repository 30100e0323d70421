import { call, get, newKey, post, rememberExpiry, withQuery } from './client';
import type {
  AdminProject,
  Category,
  Delivery,
  DeliveryDetail,
  DeliveryTarget,
  DocumentBody,
  FrameRepair,
  ExportFile,
  Me,
  NewDeliveryTarget,
  Notice,
  OutputProfile,
  Page,
  PressedRender,
  PreviewRequest,
  Project,
  ProjectImport,
  ProjectSummary,
  RenderAttempt,
  RenderJob,
  RenderNode,
  ResolvedScene,
  SavedProject,
  SavedProjectSummary,
  Scene,
  SceneSnapshotJob,
  Session,
  Snapshot,
  StoredFile,
  SvgPreview,
  SvgPreviewSummary,
  TemplateFlag,
  TargetBrief,
  TargetConfig,
  Tenant,
  TraceRequest,
  Track,
  Waveform,
} from './types';

export const LIST_LIMIT = 48;

export const identity = {
  tenant: () => get<Tenant>('/v1/tenant'),
  me: () => get<Me>('/v1/me'),
  async login(email: string, password: string): Promise<void> {
    rememberExpiry(await post<Session>('/v1/auth/login', { email, password }));
  },
  async logout(): Promise<void> {
    await post<unknown>('/v1/auth/logout');
    rememberExpiry(null);
  },
  setLocale: async (locale: string) => (await call<Me>('/v1/me', { method: 'PATCH', body: { locale } })).data,
};

export const content = {
  list: (query: { q?: string; category?: string; cursor?: string | null }) =>
    get<Page<ProjectSummary>>(withQuery('/v1/projects', { ...query, limit: LIST_LIMIT })),
  /** A template; with `versionId` the version that a document was made with. */
  one: (idOrSlug: string, versionId?: string) =>
    get<Project>(withQuery(`/v1/projects/${encodeURIComponent(idOrSlug)}`, { version_id: versionId })),
  svgPreviews: (reference: string, versionId?: string) =>
    get<Page<SvgPreviewSummary>>(
      withQuery(`/v1/projects/${encodeURIComponent(reference)}/svg-previews`, { version_id: versionId }),
    ),
  svgPreview: (reference: string, id: string) =>
    get<SvgPreview>(`/v1/projects/${encodeURIComponent(reference)}/svg-previews/${id}`),
  categories: async (): Promise<Category[]> => {
    return (await get<Page<Category>>('/v1/categories?limit=100')).items;
  },
};

export const adminContent = {
  list: (cursor?: string | null) =>
    get<Page<ProjectSummary>>(withQuery('/v1/admin/projects', { cursor, limit: LIST_LIMIT })),
  one: (id: string) => get<AdminProject>(`/v1/admin/projects/${id}`),
  /** A package is there at once; an After Effects project is converted after the answer: see `importState`. */
  importPackage: (fileId: string) =>
    post<AdminProject | ProjectImport>(
      '/v1/admin/projects',
      { file_id: fileId },
      { idempotencyKey: newKey(), timeoutMs: 120_000 },
    ),
  importVersion: (id: string, fileId: string) =>
    post<AdminProject | ProjectImport>(
      `/v1/admin/projects/${id}/versions`,
      { file_id: fileId },
      { idempotencyKey: newKey(), timeoutMs: 120_000 },
    ),
  imports: async () => (await get<Page<ProjectImport>>('/v1/admin/imports?limit=10')).items,
  importState: (importId: string) => get<ProjectImport>(`/v1/admin/imports/${importId}`),
  addMissingFiles: (id: string, added: { file_id: string; name?: string }[]) =>
    post<ProjectImport>(`/v1/admin/projects/${id}/missing-files`, { files: added }, { idempotencyKey: newKey() }),
  /** `accepted`: that films with scenes which only After Effects draws wait for nodes that have it. */
  publish: (id: string, rowVersion: number | undefined, accepted: boolean) =>
    post<AdminProject>(`/v1/admin/projects/${id}/publish`, { accept_after_effects: accepted }, { ifMatch: rowVersion }),
  archive: (id: string, rowVersion: number | undefined) =>
    post<AdminProject>(`/v1/admin/projects/${id}/archive`, {}, { ifMatch: rowVersion }),
  svgPreviews: (id: string) => get<Page<SvgPreviewSummary>>(`/v1/admin/projects/${id}/svg-previews`),
  svgPreview: (id: string) => get<SvgPreview>(`/v1/admin/svg-previews/${id}`),
  trace: (id: string, body: TraceRequest) =>
    post<SvgPreview>(`/v1/admin/projects/${id}/svg-previews`, body, { timeoutMs: 100_000 }),
  mapGroup: async (id: string, group: { number: number; slot?: string | null; automatic?: boolean }) =>
    (await call<SvgPreview>(`/v1/admin/svg-previews/${id}`, { method: 'PATCH', body: { groups: [group] } })).data,
  deleteSvgPreview: (id: string) => call<unknown>(`/v1/admin/svg-previews/${id}`, { method: 'DELETE' }),
  patchScene: async (sceneId: string, body: Partial<Pick<Scene, 'title' | 'snapshot_frame' | 'is_active'>>) =>
    (await call<Scene>(`/v1/admin/scenes/${sceneId}`, { method: 'PATCH', body })).data,
};

export const studio = {
  list: (cursor?: string | null) =>
    get<Page<SavedProjectSummary>>(withQuery('/v1/saved-projects', { cursor, limit: LIST_LIMIT })),
  one: (id: string) => get<SavedProject>(`/v1/saved-projects/${id}`),
  create: (
    body: { project_id: string; title?: string; size?: string; preset?: string; locale?: string },
    key: string,
  ) => post<SavedProject>('/v1/saved-projects', body, { idempotencyKey: key }),
  save: (id: string, body: DocumentBody, rowVersion: number, keepalive = false) =>
    call<SavedProject>(`/v1/saved-projects/${id}`, { method: 'PUT', body, ifMatch: rowVersion, keepalive }),
  remove: (id: string, keepalive = false) => call<unknown>(`/v1/saved-projects/${id}`, { method: 'DELETE', keepalive }),
  duplicate: (id: string) => post<SavedProject>(`/v1/saved-projects/${id}/duplicate`, {}, { idempotencyKey: newKey() }),
  preview: (id: string, body: PreviewRequest, signal: AbortSignal) =>
    post<ResolvedScene>(`/v1/saved-projects/${id}/preview`, body, { signal }),
  render: (id: string, body: { profile: string; outputs?: string[]; deliver_to?: string[] }, key: string) =>
    post<PressedRender>(`/v1/saved-projects/${id}/render`, body, { idempotencyKey: key }),
  library: () => get<Page<Track>>(withQuery('/v1/audio/library', { kind: 'music', limit: 100 })),
};

export const render = {
  profiles: async () => (await get<{ items: OutputProfile[] }>('/v1/output-profiles')).items,
  list: (cursor?: string | null) => get<Page<RenderJob>>(withQuery('/v1/render-jobs', { cursor, limit: LIST_LIMIT })),
  ofDocument: (id: string) => get<Page<RenderJob>>(withQuery('/v1/render-jobs', { saved_project_id: id, limit: 10 })),
  one: (id: string) => get<RenderJob>(`/v1/render-jobs/${id}`),
  eventsPath: (id: string) => `/v1/render-jobs/${id}/events`,
  cancel: (id: string) => post<RenderJob>(`/v1/render-jobs/${id}/cancel`),
  retry: (id: string) => post<RenderJob>(`/v1/render-jobs/${id}/retry`, {}, { idempotencyKey: newKey() }),
  rerender: (id: string, changes: { profile?: string; title?: string }) =>
    post<RenderJob>(`/v1/render-jobs/${id}/rerender`, changes),
  snapshot: (
    body: PreviewRequest & { saved_project_id: string; frame?: number; width?: number },
    signal: AbortSignal,
  ) => post<Snapshot>('/v1/snapshots', body, { signal, idempotencyKey: newKey() }),
  snapshotOne: (id: string, signal: AbortSignal) => get<Snapshot>(`/v1/snapshots/${id}`, signal),
};

export const adminRender = {
  list: (cursor?: string | null) =>
    get<Page<RenderJob>>(withQuery('/v1/admin/render-jobs', { cursor, limit: LIST_LIMIT })),
  cancel: (id: string) => post<RenderJob>(`/v1/admin/render-jobs/${id}/cancel`),
  one: (id: string) => get<RenderJob>(`/v1/admin/render-jobs/${id}`),
  /** A frame of a film as it is now; `version` makes the address another one when the film does. */
  frameUrl: (id: string, frame: number, version: string) =>
    withQuery(`/v1/admin/render-jobs/${id}/frames/${frame}`, { of: version }),
  repair: (id: string, first: number, last: number) =>
    post<{ items: FrameRepair[] }>(
      `/v1/admin/render-jobs/${id}/repair`,
      { first_frame: first, last_frame: last },
      { idempotencyKey: newKey() },
    ),
  repairs: (id: string) => get<{ items: FrameRepair[] }>(`/v1/admin/render-jobs/${id}/repairs`),
  attempts: (id: string) => get<{ items: RenderAttempt[] }>(`/v1/admin/render-jobs/${id}/attempts`),
  templateFlags: (projectId?: string) =>
    get<{ items: TemplateFlag[] }>(withQuery('/v1/admin/template-flags', { project_id: projectId })),
  clearFlag: (id: string) => post<unknown>(`/v1/admin/template-flags/${id}/clear`),
  nodes: () => get<Page<RenderNode>>('/v1/admin/nodes?limit=100'),
  drain: (id: string) => post<RenderNode>(`/v1/admin/nodes/${id}/drain`),
  resume: (id: string) => post<RenderNode>(`/v1/admin/nodes/${id}/resume`),
  sceneSnapshots: (projectId: string) => get<{ items: SceneSnapshotJob[] }>(`/v1/scene-snapshots/${projectId}`),
  buildSceneSnapshots: (projectId: string) => post<{ items: SceneSnapshotJob[] }>(`/v1/scene-snapshots/${projectId}`),
};

/** The files that films were made as. */
export const exports = {
  list: (cursor?: string | null) => get<Page<ExportFile>>(withQuery('/v1/exports', { cursor, limit: LIST_LIMIT })),
  link: (id: string, seconds: number) =>
    post<{ url: string; expires_at: string }>(`/v1/exports/${id}/download-url`, { life_s: seconds }),
  renew: (id: string) => post<ExportFile>(`/v1/exports/${id}/renew`, {}, { idempotencyKey: newKey() }),
  remove: (id: string, keepalive = false) => call<unknown>(`/v1/exports/${id}`, { method: 'DELETE', keepalive }),
  deliver: (id: string, targetId: string) => post<Delivery>(`/v1/exports/${id}/deliver`, { target_id: targetId }),
  targets: () => get<{ items: TargetBrief[] }>('/v1/delivery-targets'),
};

type TargetBody = { name: string; config: TargetConfig; is_default: boolean; secret_access_key?: string };
export const adminDelivery = {
  targets: () => get<{ items: DeliveryTarget[] }>('/v1/admin/delivery-targets'),
  make: (body: TargetBody & { kind: 's3' | 'webhook' }, key: string) =>
    post<NewDeliveryTarget>('/v1/admin/delivery-targets', body, { idempotencyKey: key }),
  change: async (id: string, rowVersion: number, body: Partial<TargetBody> & { paused?: boolean }) =>
    (await call<DeliveryTarget>(`/v1/admin/delivery-targets/${id}`, { method: 'PATCH', body, ifMatch: rowVersion }))
      .data,
  remove: (id: string) => call<unknown>(`/v1/admin/delivery-targets/${id}`, { method: 'DELETE' }),
  rotate: (id: string) => post<NewDeliveryTarget>(`/v1/admin/delivery-targets/${id}/rotate-secret`),
  test: (id: string) => post<Delivery>(`/v1/admin/delivery-targets/${id}/test`),
  deliveries: (id: string, cursor?: string | null) =>
    get<Page<Delivery>>(withQuery(`/v1/admin/delivery-targets/${id}/deliveries`, { cursor, limit: 20 })),
  delivery: (id: string) => get<DeliveryDetail>(`/v1/admin/deliveries/${id}`),
  replay: (id: string) => post<Delivery>(`/v1/admin/deliveries/${id}/replay`, {}, { idempotencyKey: newKey() }),
};

export const files = {
  pictures: (cursor?: string | null) =>
    get<Page<StoredFile>>(withQuery('/v1/files', { purpose: 'user_media', kind: 'image', cursor, limit: LIST_LIMIT })),
  films: (cursor?: string | null) =>
    get<Page<StoredFile>>(withQuery('/v1/files', { purpose: 'user_media', kind: 'video', cursor, limit: LIST_LIMIT })),
  one: (id: string) => get<StoredFile>(`/v1/files/${id}`),
  waveform: (id: string) => get<Waveform>(`/v1/files/${id}/waveform`),
  pictureUrl: (id: string, width: number) => `/v1/files/${id}/content?width=${width}`,
};

export const notification = {
  list: (cursor?: string | null) => get<Page<Notice>>(withQuery('/v1/notifications', { cursor, limit: 20 })),
  unreadCount: async (): Promise<number> =>
    (await get<{ unread_count: number }>('/v1/notifications/unread-count')).unread_count,
  read: (id: string) => post<unknown>(`/v1/notifications/${id}/read`),
  readAll: () => post<unknown>('/v1/notifications/read-all'),
  streamPath: '/v1/notifications/stream',
};
