import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call, get, rememberExpiry, setSignedOutHandler, withQuery } from '../../src/api/client';
import { ApiError, errorMessage } from '../../src/api/errors';
import { EventStreamParser } from '../../src/api/events';
import { en } from '../../src/i18n/en';
import { fa } from '../../src/i18n/fa';
import { i18n } from '../../src/i18n';

function problem(status: number, code: string, extra: object = {}): Response {
  return Response.json({ status, code, detail: 'detail', ...extra }, { status });
}

describe('the client', () => {
  const requests: { path: string; init: RequestInit }[] = [];
  let answers: ((path: string) => Response)[];
  const signedOut = vi.fn();

  beforeEach(() => {
    localStorage.clear();
    requests.length = 0;
    signedOut.mockReset();
    setSignedOutHandler(signedOut);
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      requests.push({ path, init });
      const next = answers.shift();
      return next ? Promise.resolve(next(path)) : Promise.reject(new TypeError('network'));
    });
  });
  afterEach(() => vi.unstubAllGlobals());
  const paths = () => requests.map((request) => request.path);
  const header = (index: number, name: string) => (requests[index]?.init.headers as Record<string, string>)[name];

  it('says in every request that it is the web client, and carries version and idempotency key', async () => {
    answers = [() => Response.json({ row_version: 4 }, { headers: { ETag: '"4"' } })];
    const result = await call('/v1/saved-projects/x', { method: 'PUT', body: {}, ifMatch: 3, idempotencyKey: 'k' });
    expect(result.etag).toBe('"4"');
    expect(header(0, 'X-FlatRender-Client')).toBe('web');
    expect(header(0, 'If-Match')).toBe('"3"');
    expect(header(0, 'Idempotency-Key')).toBe('k');
  });

  it('renews an expired session once for several requests and repeats them', async () => {
    let fresh = false;
    vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
      requests.push({ path, init });
      await Promise.resolve();
      if (path === '/v1/auth/refresh') {
        fresh = true;
        return Response.json({ access_expires_at: '2099-01-01T00:00:00Z' });
      }
      return fresh ? Response.json({ ok: path }) : problem(401, 'identity.token_expired');
    });
    const got = await Promise.all([get('/v1/me'), get('/v1/projects'), get('/v1/render-jobs')]);
    expect(got).toEqual([{ ok: '/v1/me' }, { ok: '/v1/projects' }, { ok: '/v1/render-jobs' }]);
    expect(paths().filter((path) => path === '/v1/auth/refresh')).toHaveLength(1);
    expect(signedOut).not.toHaveBeenCalled();
  });

  it('gives up when the session cannot be renewed, and says so once', async () => {
    answers = [() => problem(401, 'identity.token_expired'), () => problem(401, 'identity.refresh_reused')];
    await expect(get('/v1/me')).rejects.toMatchObject({ status: 401, code: 'identity.token_expired' });
    expect(signedOut).toHaveBeenCalledTimes(1);
  });

  it('does not use a refresh token that another tab has just used', async () => {
    rememberExpiry({ access_expires_at: '2020-01-01T00:00:00Z' });
    answers = [
      () => {
        rememberExpiry({ access_expires_at: '2020-01-01T00:00:00Z' });
        return problem(401, 'identity.token_expired');
      },
      () => Response.json({ access_expires_at: '2099-01-01T00:00:00Z' }),
      () => Response.json({ ok: true }),
    ];
    expect(await get('/v1/me')).toEqual({ ok: true });
    expect(paths()).toEqual(['/v1/me', '/v1/auth/refresh', '/v1/me']);
  });

  it('does not renew the session when signing in fails', async () => {
    answers = [() => problem(401, 'identity.invalid_credentials')];
    await expect(call('/v1/auth/login', { method: 'POST', body: {} })).rejects.toMatchObject({
      code: 'identity.invalid_credentials',
    });
    expect(paths()).toEqual(['/v1/auth/login']);
  });

  it('turns a problem document into an error with code, fields and request id', async () => {
    answers = [
      () => problem(422, 'studio.unknown_field', { request_id: 'r-1', errors: [{ field: 'x', detail: 'unknown' }] }),
    ];
    await expect(get('/v1/x')).rejects.toMatchObject({
      status: 422,
      code: 'studio.unknown_field',
      requestId: 'r-1',
      errors: [{ field: 'x', detail: 'unknown' }],
    });
  });

  it('makes an error of an answer that is no problem document and of no answer at all', async () => {
    answers = [() => new Response('<html>', { status: 502, headers: { 'X-Request-Id': 'r-2' } })];
    await expect(get('/v1/x')).rejects.toMatchObject({ code: 'http.502', requestId: 'r-2', isTransient: true });
    answers = [];
    await expect(get('/v1/x')).rejects.toMatchObject({ status: 0, code: 'web.offline', isTransient: true });
  });

  it('leaves empty members out of a query', () => {
    expect(withQuery('/v1/projects', { q: 'فروش ویژه', category: '', cursor: null, limit: 5 })).toBe(
      '/v1/projects?q=%D9%81%D8%B1%D9%88%D8%B4+%D9%88%DB%8C%DA%98%D9%87&limit=5',
    );
  });
});

describe('error messages', () => {
  it('are the code’s own, else the status’s, else the server’s detail', async () => {
    await i18n.changeLanguage('fa');
    expect(errorMessage(new ApiError(401, { code: 'identity.token_expired' }))).toContain('نشست');
    expect(errorMessage(new ApiError(403, { code: 'render.something' }))).toBe('اجازهٔ این کار را ندارید.');
    expect(errorMessage(new ApiError(422, { code: 'x.y', detail: 'Field 3 is odd.' }))).toBe('Field 3 is odd.');
    const inScene = { code: 'studio.field_required', errors: [{ field: 'scenes.2.values.headline', detail: 'empty' }] };
    expect(errorMessage(new ApiError(422, inScene))).toBe('یکی از فیلدهای لازم خالی است. (صحنهٔ ۳)');
    expect(errorMessage(new Error('boom'))).toBe(fa['error.unexpected']);
  });
});

describe('the event stream parser', () => {
  it('puts events together from chunks cut anywhere', () => {
    const parser = new EventStreamParser();
    const whole = ': hello\r\nevent: job\r\nid: 7\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata: plain\n\n';
    const events = Array.from(whole).flatMap((character) => parser.feed(character));
    expect(events).toEqual([
      { event: 'job', data: '{"a":\n1}', id: '7' },
      { event: 'message', data: 'plain', id: '7' },
    ]);
  });
});

describe('the translations', () => {
  it('use the same placeholders in both languages', () => {
    const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
    for (const key of Object.keys(fa) as (keyof typeof fa)[])
      expect([key, holes(en[key])]).toEqual([key, holes(fa[key])]);
  });
  it('leave nothing empty and nothing Persian in English', () => {
    for (const [key, text] of Object.entries(en)) {
      expect(text.length, key).toBeGreaterThan(0);
      expect(/[آ-ی]/.test(text), key).toBe(false);
    }
  });
});
