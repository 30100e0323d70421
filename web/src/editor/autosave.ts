import { ApiError } from '../api/errors';
import type { SavedProject } from '../api/types';
import type { Film, SceneIds } from './film';

export type SaveState = 'saved' | 'pending' | 'saving' | 'offline' | 'conflict' | 'refused';
export type SaveStatus = { state: SaveState; changes: number; error: unknown };

/** Edits that the server has not confirmed, kept in this browser. */
export type Draft = { base: number; film: Film; ids: SceneIds; leaving: boolean };

export type DraftShelf = { read: () => Draft | null; write: (draft: Draft) => void; clear: () => void };

export type AutosaveOptions = {
  rowVersion: number;
  ids: SceneIds;
  film: Film;
  shelf: DraftShelf;
  save: (film: Film, ids: SceneIds, rowVersion: number, keepalive: boolean) => Promise<SavedProject>;
  onStatus: (status: SaveStatus) => void;
  delayMs?: number;
  retryMs?: number;
};

export const AUTOSAVE_DELAY_MS = 1500;
const RETRY_LIMIT_MS = 30_000;

/**
 * Saves the film a while after its last change, one request at a time, and keeps what is not saved on the shelf. Transient failures
 * are tried again with a growing pause; a 412 stops until the person has chosen; another refusal waits for the next change.
 */
export class Autosave {
  #options: AutosaveOptions;
  #rowVersion: number;
  #ids: SceneIds;
  #film: Film;
  #savedFilm: Film;
  #changes = 0;
  #state: SaveState = 'saved';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flight: Promise<boolean> | null = null;
  #retryMs: number;
  #closed = false;

  constructor(options: AutosaveOptions) {
    this.#options = options;
    this.#rowVersion = options.rowVersion;
    this.#ids = options.ids;
    this.#film = options.film;
    this.#savedFilm = options.film;
    this.#retryMs = options.retryMs ?? 2000;
  }

  get rowVersion(): number {
    return this.#rowVersion;
  }

  get isDirty(): boolean {
    return this.#film !== this.#savedFilm;
  }

  /** Take the film as it is after a change. */
  changed(film: Film): void {
    if (film === this.#film || this.#closed) return;
    this.#film = film;
    if (!this.isDirty && !this.#flight && this.#state !== 'conflict') {
      // undone back to what the server has
      this.#settled();
      return;
    }
    this.#changes += 1;
    this.#shelve(false);
    if (this.#state === 'conflict') {
      this.#tell('conflict');
      return;
    }
    if (!this.#flight) this.#tell(this.#state === 'offline' ? 'offline' : 'pending');
    this.#schedule(this.#options.delayMs ?? AUTOSAVE_DELAY_MS);
  }

  /** Save now; true when the server holds the newest film afterwards. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    if (this.#flight) await this.#flight;
    if (!this.isDirty) return this.#state === 'saved';
    if (this.#state === 'conflict') return false;
    return this.#send(false);
  }

  /** The page is being hidden or left: send what is open in a way that outlives the page. */
  leave(): void {
    if (!this.isDirty || this.#flight || this.#state === 'conflict') return;
    clearTimeout(this.#timer);
    this.#shelve(true);
    void this.#send(true);
  }

  /** After a 412: write this film over the version that the server has now. */
  async overwrite(rowVersion: number): Promise<boolean> {
    this.#rowVersion = rowVersion;
    this.#tell('pending');
    return this.flush();
  }

  /** After a 412: the person took the server's document. */
  reset(film: Film, ids: SceneIds, rowVersion: number): void {
    clearTimeout(this.#timer);
    this.#film = film;
    this.#savedFilm = film;
    this.#ids = ids;
    this.#rowVersion = rowVersion;
    this.#settled();
  }

  close(): void {
    this.leave();
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.flush(), ms);
  }

  #shelve(leaving: boolean): void {
    this.#options.shelf.write({ base: this.#rowVersion, film: this.#film, ids: this.#ids, leaving });
  }

  #tell(state: SaveState, error: unknown = null): void {
    this.#state = state;
    this.#options.onStatus({ state, changes: this.#changes, error });
  }

  #send(keepalive: boolean): Promise<boolean> {
    const flight = this.#attempt(keepalive).finally(() => {
      if (this.#flight === flight) this.#flight = null;
    });
    this.#flight = flight;
    return flight;
  }

  async #attempt(keepalive: boolean): Promise<boolean> {
    const film = this.#film;
    const counted = this.#changes;
    this.#tell('saving');
    try {
      const saved = await this.#options.save(film, this.#ids, this.#rowVersion, keepalive);
      this.#rowVersion = saved.row_version;
      this.#learnIds(film, saved);
      this.#savedFilm = film;
      this.#changes -= counted;
      this.#retryMs = this.#options.retryMs ?? 2000;
    } catch (error) {
      this.#failed(error);
      return false;
    }
    if (this.isDirty) {
      this.#shelve(false);
      this.#tell('pending');
      this.#schedule(this.#options.delayMs ?? AUTOSAVE_DELAY_MS);
      return false;
    }
    this.#settled();
    return true;
  }

  #settled(): void {
    clearTimeout(this.#timer);
    this.#changes = 0;
    this.#options.shelf.clear();
    this.#tell('saved');
  }

  #failed(error: unknown): void {
    if (error instanceof ApiError && (error.status === 412 || error.status === 409)) {
      this.#tell('conflict', error);
      return;
    }
    if (error instanceof ApiError && !error.isTransient && error.status < 500) {
      this.#tell('refused', error);
      return;
    }
    this.#tell('offline', error);
    this.#schedule(this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LIMIT_MS);
  }

  /** New scenes got their ids in the order in which they were sent. */
  #learnIds(film: Film, saved: SavedProject): void {
    if (saved.scenes.length !== film.scenes.length) return;
    const ids = { ...this.#ids };
    film.scenes.forEach((scene, index) => {
      const id = saved.scenes[index]?.id;
      if (id) ids[scene.uid] = id;
    });
    this.#ids = ids;
  }
}

/** A shelf in localStorage: it must be written while a page is being closed, which asynchronous stores do not manage. */
export function browserShelf(documentId: string): DraftShelf {
  const key = `flatrender.draft.${documentId}`;
  return {
    read: () => {
      const text = localStorage.getItem(key);
      if (text === null) return null;
      try {
        return JSON.parse(text) as Draft;
      } catch {
        localStorage.removeItem(key);
        return null;
      }
    },
    write: (draft) => {
      try {
        localStorage.setItem(key, JSON.stringify(draft));
      } catch {
        // storage full or forbidden: saving to the server goes on
      }
    },
    clear: () => localStorage.removeItem(key),
  };
}
