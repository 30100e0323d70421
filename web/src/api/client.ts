import { ApiError, problemFrom } from './errors';
import type { Session } from './types';

const EXPIRY_KEY = 'flatrender.access_expires_at';
const DEFAULT_TIMEOUT_MS = 30_000;

export type Result<T> = { data: T; etag: string | null };
export type RequestOptions = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  ifMatch?: number | string;
  idempotencyKey?: string;
  signal?: AbortSignal;
  keepalive?: boolean;
  timeoutMs?: number;
};

let onSignedOut: () => void = () => undefined;

/** Say what happens when the session cannot be renewed (the application goes to the sign-in page). */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

const CLIENT_HEADER = { 'X-FlatRender-Client': 'web' } as const;

async function send(path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { ...CLIENT_HEADER, Accept: 'application/json' };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
  if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
  const deadline = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  try {
    return await fetch(path, {
      method: options.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      keepalive: options.keepalive,
      signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, { code: deadline.aborted ? 'web.timeout' : 'web.offline', detail: String(error) });
  }
}

export function rememberExpiry(session: Session | null): void {
  if (session?.access_expires_at) localStorage.setItem(EXPIRY_KEY, session.access_expires_at);
  else localStorage.removeItem(EXPIRY_KEY);
}

export function accessExpiresAt(): number | null {
  const stored = localStorage.getItem(EXPIRY_KEY);
  const time = stored === null ? NaN : Date.parse(stored);
  return Number.isNaN(time) ? null : time;
}

let refreshing: Promise<boolean> | null = null;

async function rotate(seenExpiry: number | null): Promise<boolean> {
  // A refresh token may be used once: another tab that has just rotated it has done the work for all of us.
  const now = accessExpiresAt();
  if (now !== null && now !== seenExpiry && now > Date.now()) return true;
  const response = await send('/v1/auth/refresh', { method: 'POST', body: {} });
  // 409: another request has just rotated it, and its answer carried the new cookies
  if (response.status === 409) return true;
  if (!response.ok) {
    if (response.status === 401 || response.status === 403) return false;
    throw await problemFrom(response);
  }
  rememberExpiry((await response.json().catch(() => null)) as Session | null);
  return true;
}

async function rotateAlone(): Promise<boolean> {
  const seen = accessExpiresAt();
  return 'locks' in navigator ? await navigator.locks.request('flatrender.refresh', () => rotate(seen)) : rotate(seen);
}

/** Renew the session once for all callers and tabs; false when it is over. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= rotateAlone().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/**
 * Send a request with the session; a 401 `identity.token_expired` is renewed and repeated once, any other 401 (outside signing in)
 * ends the session on this side too. Throws ApiError.
 */
export async function authorized(path: string, options: RequestOptions, go = send): Promise<Response> {
  let response = await go(path, options);
  if (response.status === 401 && !path.startsWith('/v1/auth/')) {
    const problem = await problemFrom(response.clone());
    const renewed = await refreshSession();
    if (!renewed) {
      rememberExpiry(null);
      onSignedOut();
      throw problem;
    }
    response = await go(path, options);
  }
  if (!response.ok) throw await problemFrom(response);
  return response;
}

export async function call<T>(path: string, options: RequestOptions = {}): Promise<Result<T>> {
  const response = await authorized(path, options);
  const etag = response.headers.get('ETag');
  if (response.status === 204) return { data: undefined as T, etag };
  return { data: (await response.json()) as T, etag };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call<T>(path, { signal })).data;
}

export async function post<T>(path: string, body: unknown = {}, options: RequestOptions = {}): Promise<T> {
  return (await call<T>(path, { ...options, method: 'POST', body })).data;
}

export function newKey(): string {
  return crypto.randomUUID();
}

/** Build a path with the given query; members without a value are left out. */
export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}
