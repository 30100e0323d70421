import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query';
import {
  adminContent,
  adminDelivery,
  adminRender,
  content,
  exports,
  files,
  identity,
  notification,
  render,
  studio,
} from './api/endpoints';
import { ApiError } from './api/errors';
import type { Page, Permission, PressedRender, RenderJob, RenderStatus } from './api/types';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => error instanceof ApiError && error.isTransient && count < 2,
    },
  },
});

function pages<T>(key: readonly unknown[], fetchPage: (cursor: string | null) => Promise<Page<T>>) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
}

export const queries = {
  tenant: queryOptions({ queryKey: ['tenant'], queryFn: identity.tenant, staleTime: Infinity }),
  me: queryOptions({ queryKey: ['me'], queryFn: identity.me, staleTime: 5 * 60_000 }),
  categories: queryOptions({ queryKey: ['categories'], queryFn: content.categories, staleTime: 5 * 60_000 }),
  projects: (q: string, category: string) =>
    pages(['projects', { q, category }], (cursor) => content.list({ q, category, cursor })),
  project: (id: string, versionId?: string) =>
    queryOptions({ queryKey: ['project', id, versionId ?? null], queryFn: () => content.one(id, versionId) }),
  svgPreviews: (reference: string, versionId?: string) =>
    queryOptions({
      queryKey: ['svg-previews', reference, versionId ?? null],
      queryFn: () => content.svgPreviews(reference, versionId),
      staleTime: 60_000,
    }),
  /** A preview as it was at this time: when it changes it is another one. */
  svgPreview: (reference: string, id: string, updatedAt: string) =>
    queryOptions({
      queryKey: ['svg-preview', reference, id, updatedAt],
      queryFn: () => content.svgPreview(reference, id),
      staleTime: Infinity,
    }),
  savedProjects: pages(['saved-projects'], studio.list),
  savedProject: (id: string) =>
    queryOptions({ queryKey: ['saved-project', id], queryFn: () => studio.one(id), staleTime: 0, gcTime: 0 }),
  musicLibrary: queryOptions({ queryKey: ['music'], queryFn: studio.library, staleTime: 5 * 60_000 }),
  file: (id: string) => queryOptions({ queryKey: ['file', id], queryFn: () => files.one(id), staleTime: Infinity }),
  waveform: (fileId: string) =>
    queryOptions({
      queryKey: ['waveform', fileId],
      queryFn: () => files.waveform(fileId),
      staleTime: Infinity,
      retry: (count, error) => error instanceof ApiError && error.isTransient && count < 2,
    }),
  outputProfiles: queryOptions({
    queryKey: ['output-profiles'],
    queryFn: render.profiles,
    staleTime: 5 * 60_000,
  }),
  renderJobs: pages(['render-jobs', 'all'], render.list),
  documentJobs: (documentId: string) =>
    queryOptions({ queryKey: ['render-jobs', 'of', documentId], queryFn: () => render.ofDocument(documentId) }),
  renderJob: (id: string) => queryOptions({ queryKey: ['render-job', id], queryFn: () => render.one(id) }),
  exports: pages(['exports'], exports.list),
  deliveryTargets: queryOptions({
    queryKey: ['delivery-targets'],
    queryFn: exports.targets,
    staleTime: 5 * 60_000,
  }),
  adminTargets: queryOptions({
    queryKey: ['admin', 'delivery-targets'],
    queryFn: adminDelivery.targets,
    refetchInterval: 15_000,
  }),
  deliveries: (targetId: string) =>
    pages(['admin', 'deliveries', targetId], (cursor) => adminDelivery.deliveries(targetId, cursor)),
  delivery: (id: string) =>
    queryOptions({
      queryKey: ['admin', 'delivery', id],
      queryFn: () => adminDelivery.delivery(id),
      refetchInterval: (query) =>
        query.state.data?.status === 'pending' || query.state.data?.status === 'sending' ? 1500 : false,
    }),
  pictures: pages(['pictures'], files.pictures),
  films: pages(['films'], files.films),
  notices: pages(['notices'], notification.list),
  unread: queryOptions({ queryKey: ['notices', 'unread'], queryFn: notification.unreadCount, refetchInterval: 60_000 }),
  adminProjects: pages(['admin', 'projects'], adminContent.list),
  adminProject: (id: string) =>
    queryOptions({ queryKey: ['admin', 'project', id], queryFn: () => adminContent.one(id) }),
  adminSvgPreviews: (id: string) =>
    queryOptions({ queryKey: ['admin', 'svg-previews', id], queryFn: () => adminContent.svgPreviews(id) }),
  adminSvgPreview: (id: string) =>
    queryOptions({
      queryKey: ['admin', 'svg-preview', id],
      queryFn: () => adminContent.svgPreview(id),
      staleTime: Infinity,
    }),
  adminImports: queryOptions({
    queryKey: ['admin', 'imports'],
    queryFn: adminContent.imports,
    refetchInterval: (query) =>
      query.state.data?.some((one) => one.status === 'queued' || one.status === 'running') ? 1500 : false,
  }),
  adminJobs: pages(['admin', 'jobs'], adminRender.list),
  adminJob: (id: string) => queryOptions({ queryKey: ['admin', 'job', id], queryFn: () => adminRender.one(id) }),
  adminRepairs: (id: string) =>
    queryOptions({ queryKey: ['admin', 'repairs', id], queryFn: () => adminRender.repairs(id) }),
  adminAttempts: (id: string) =>
    queryOptions({ queryKey: ['admin', 'attempts', id], queryFn: () => adminRender.attempts(id) }),
  templateFlags: (projectId?: string) =>
    queryOptions({
      queryKey: ['admin', 'template-flags', projectId ?? null],
      queryFn: () => adminRender.templateFlags(projectId),
    }),
  adminNodes: queryOptions({ queryKey: ['admin', 'nodes'], queryFn: adminRender.nodes, refetchInterval: 5000 }),
  sceneSnapshots: (projectId: string) =>
    queryOptions({
      queryKey: ['admin', 'scene-snapshots', projectId],
      queryFn: () => adminRender.sceneSnapshots(projectId),
      refetchInterval: (query) =>
        query.state.data?.items.some((job) => job.status === 'queued' || job.status === 'running') ? 1000 : false,
    }),
};

/** Ask again for the previews of a template wherever they are shown. */
export async function refreshSvgPreviews(projectId: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: queries.adminSvgPreviews(projectId).queryKey }),
    queryClient.invalidateQueries({ queryKey: ['svg-previews'] }),
  ]);
}

const ENDED: readonly RenderStatus[] = ['completed', 'failed', 'canceled'];

export function isEnded(job: Pick<RenderJob, 'status'>): boolean {
  return ENDED.includes(job.status);
}

/** Put a job's newest state wherever it is shown. */
export function rememberJob(job: RenderJob): void {
  queryClient.setQueryData(queries.renderJob(job.id).queryKey, job);
  const put = (page: Page<RenderJob>): Page<RenderJob> => ({
    ...page,
    items: page.items.map((item) => (item.id === job.id ? job : item)),
  });
  queryClient.setQueryData(queries.renderJobs.queryKey, (data) => data && { ...data, pages: data.pages.map(put) });
}

/** A job that is new, or of which something is not known: ask for the lists that may hold it. */
export function refreshJobLists(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: ['render-jobs'] });
}

/** Take the few members that the person's stream tells; what ends a job is asked for, since it brings the film. */
export function hearOfJob(news: Pick<RenderJob, 'id' | 'status'> & Partial<RenderJob>): void {
  const known =
    queryClient.getQueryData(queries.renderJob(news.id).queryKey) ??
    queryClient
      .getQueryData(queries.renderJobs.queryKey)
      ?.pages.flatMap((page) => page.items)
      .find((job) => job.id === news.id);
  if (known && !isEnded(news)) {
    if (!isEnded(known)) rememberJob({ ...known, ...news });
    return;
  }
  void queryClient.invalidateQueries({ queryKey: queries.renderJob(news.id).queryKey });
  void refreshJobLists();
}

/** A job that has just been asked for, until the farm says more. */
export function freshJob(pressed: PressedRender): RenderJob {
  return {
    seconds_left: null,
    queue_position: null,
    width: null,
    height: null,
    fps: null,
    total_frames: null,
    error_code: null,
    error_message: null,
    started_at: null,
    finished_at: null,
    export: null,
    ...pressed,
  };
}

export function can(permissions: readonly string[] | undefined, permission: Permission): boolean {
  return permissions?.includes(permission) ?? false;
}
