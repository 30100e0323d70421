import { call, get, post } from './client';
import type { NodeCommand, NodeHours, RenderNode } from './types';

const path = (id: string, what: string) => `/v1/admin/nodes/${id}/${what}`;

/** What admins tell nodes. */
export const adminNodes = {
  quarantine: (id: string) => post<RenderNode>(path(id, 'quarantine')),
  release: (id: string) => post<RenderNode>(path(id, 'release')),
  rotateToken: (id: string) => post<RenderNode>(path(id, 'rotate-token')),
  restart: (id: string, now: boolean) => post<NodeCommand>(path(id, 'restart'), { now }),
  purgeCache: (id: string) => post<NodeCommand>(path(id, 'purge-cache')),
  collectLogs: (id: string) => post<NodeCommand>(path(id, 'collect-logs')),
  commands: async (id: string) => (await get<{ items: NodeCommand[] }>(path(id, 'commands'))).items,
  setHours: async (id: string, hours: NodeHours) =>
    (await call<RenderNode>(path(id, 'hours'), { method: 'PUT', body: hours })).data,
  clearHours: async (id: string) => (await call<RenderNode>(path(id, 'hours'), { method: 'DELETE' })).data,
};
