import { authorized } from './client';
import { ApiError } from './errors';

export type ServerEvent = { event: string; data: string; id: string | null };

/** Split a text/event-stream into events (WHATWG HTML, "Server-sent events"): feed it chunks, it returns whole events. */
export class EventStreamParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | null = null;

  feed(chunk: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length) {
          events.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
        }
        this.#event = '';
        this.#data = [];
        continue;
      }
      if (line.startsWith(':')) continue;
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'event') this.#event = value;
      else if (name === 'data') this.#data.push(value);
      else if (name === 'id') this.#id = value;
    }
    return events;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function open(path: string, lastId: string | null, signal: AbortSignal): Promise<Response> {
  return authorized(path, { signal }, () =>
    fetch(path, {
      headers: {
        Accept: 'text/event-stream',
        'X-FlatRender-Client': 'web',
        ...(lastId === null ? {} : { 'Last-Event-ID': lastId }),
      },
      credentials: 'same-origin',
      signal,
    }),
  );
}

/**
 * Follow a stream until `signal` ends it or `onEvent` returns true; reconnects with a growing pause (1 to 15 s). Read by fetch and not
 * by EventSource, because that one cannot renew an expired session.
 */
export async function follow(
  path: string,
  signal: AbortSignal,
  onEvent: (event: ServerEvent) => boolean | undefined,
  onState: (connected: boolean) => void = () => undefined,
): Promise<void> {
  let wait = 1000;
  let lastId: string | null = null;
  while (!signal.aborted) {
    try {
      const response = await open(path, lastId, signal);
      onState(true);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventStreamParser();
      while (reader) {
        const { value, done } = await reader.read();
        if (done) break;
        wait = 1000;
        for (const event of parser.feed(value)) {
          lastId = event.id;
          if (onEvent(event)) {
            await reader.cancel();
            return;
          }
        }
      }
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes while we wait
      if (signal.aborted) return;
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) {
        onState(false);
        return;
      }
    }
    onState(false);
    await pause(wait, signal);
    wait = Math.min(wait * 2, 15_000);
  }
}
