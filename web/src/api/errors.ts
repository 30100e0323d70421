import { localDigits } from '../format/digits';
import { i18n, textFor } from '../i18n';

export type ProblemBody = {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  request_id?: string;
  errors?: { field: string; detail: string }[];
};

/** An answer that is not 2xx (RFC 9457), or no answer at all (`status` 0, code `web.offline` or `web.timeout`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly errors: { field: string; detail: string }[];

  constructor(status: number, body: ProblemBody, requestId: string | null = null) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.code ?? (status === 0 ? 'web.offline' : `http.${status}`);
    this.detail = body.detail ?? body.title ?? '';
    this.requestId = body.request_id ?? requestId;
    this.errors = body.errors ?? [];
  }

  /** True when the same request may succeed a moment later without the person doing anything. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

export async function problemFrom(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('X-Request-Id');
  let body: ProblemBody = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === 'object' && parsed !== null) body = parsed;
  } catch {
    // a proxy's HTML page or an empty body: the status alone has to do
  }
  return new ApiError(response.status, body, requestId);
}

/** The sentence for people in their language: the code's own, else its kind's, else the server's detail. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof ApiError)) return i18n.t('error.unexpected');
  const known = textFor(`error.code.${error.code.replaceAll('.', '_')}`) ?? textFor(`error.status.${error.status}`);
  if (known !== null) {
    // the server counts scenes from 0
    const scene = /^scenes\.(\d+)\b/.exec(error.errors[0]?.field ?? '')?.[1];
    if (scene === undefined) return known;
    return i18n.t('error.inScene', { message: known, n: localDigits(String(Number(scene) + 1), i18n.language) });
  }
  if (error.status >= 500) return i18n.t('error.server');
  return error.detail || i18n.t('error.unexpected');
}
