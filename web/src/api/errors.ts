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

/** Codes whose sentence in the person's language leaves out what only the detail names: which font, which file, how large it may be. */
const DETAILED = [
  'aerender_font',
  'aerender_asset',
  'aerender_template',
  'content_archive_unsafe',
  'content_font_invalid',
  'content_manifest_invalid',
  'content_missing_asset',
  'content_needs_after_effects',
  'content_no_source',
  'content_not_missing',
  'content_type_mismatch',
  'engine_crashed',
  'engine_refused',
  'engine_timeout',
  'film_check_failed',
  'settings_invalid',
  'studio_field_required',
  'studio_unknown_field',
  'studio_unknown_font',
  'studio_value_out_of_range',
];

/** The server's words about an error whose own sentence is general; null where that says it all. They are English, and name what is meant. */
export function errorDetail(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.detail === '') return null;
  const code = error.code.replaceAll('.', '_');
  return DETAILED.includes(code) && textFor(`error.code.${code}`) !== null ? error.detail : null;
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
