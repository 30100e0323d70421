import type {
  Audio,
  Colors,
  DocumentBody,
  Field,
  FieldValue,
  Preset,
  Project,
  SavedProject,
  Scene,
  SceneTransition,
  Values,
} from '../api/types';
import { baseLocale, localized } from '../i18n';
import { slotColors } from './colors';

/** A scene of the film being edited. `uid` is ours and stays the same through undo; the server's id is kept beside the history. */
export type FilmScene = {
  uid: string;
  scene_key: string;
  values: Values;
  colors: Colors;
  duration_frames: number | null;
  /** To the next scene of the film; it stays with this one when scenes move. */
  transition: SceneTransition | null;
};

/** What a person edits: the saved project without what only the server writes. */
export type Film = {
  title: string;
  size: string;
  locale: string;
  palette: Colors;
  global_values: Values;
  audio: Audio;
  scenes: FilmScene[];
};

export type SceneIds = Record<string, string>;

let counter = 0;

export function newUid(): string {
  counter += 1;
  return `s${Date.now().toString(36)}${counter.toString(36)}`;
}

export function filmFrom(saved: SavedProject): { film: Film; ids: SceneIds } {
  const ids: SceneIds = {};
  const scenes = saved.scenes.map((scene) => {
    const uid = newUid();
    if (scene.id !== null) ids[uid] = scene.id;
    return {
      uid,
      scene_key: scene.scene_key,
      values: scene.values,
      colors: scene.colors,
      duration_frames: scene.duration_frames,
      transition: scene.transition ?? null,
    };
  });
  const { title, size, palette, global_values, audio } = saved;
  const locale = baseLocale(saved.locale) ?? saved.locale;
  return { film: { title, size, locale, palette, global_values, audio, scenes }, ids };
}

export function bodyFrom(film: Film, ids: SceneIds): DocumentBody {
  return {
    title: film.title,
    size: film.size,
    locale: film.locale,
    palette: film.palette,
    global_values: film.global_values,
    audio: film.audio,
    scenes: film.scenes.map((scene) => ({
      id: ids[scene.uid] ?? null,
      scene_key: scene.scene_key,
      values: scene.values,
      colors: scene.colors,
      duration_frames: scene.duration_frames,
      transition: scene.transition,
    })),
  };
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, canonical(member)]),
  );
}

/** True when both would be saved as the same document; the server's scene ids do not count. */
export function sameFilm(a: Film, b: Film): boolean {
  const plain = (film: Film) => JSON.stringify(canonical(bodyFrom(film, {})));
  return plain(a) === plain(b);
}

/** The value a field shows before anyone has touched it, in the film's language (then Persian, then English). */
export function defaultOf(field: Field, locale: string): FieldValue {
  const value = field.default;
  if (typeof value === 'object' && value !== null) return localized(value, locale);
  return value;
}

export function valueOf(field: Field, values: Values, locale: string): FieldValue {
  const own = values[field.key];
  return own ?? defaultOf(field, locale);
}

/** The colour of every slot: the template's default or what it derives from, under the film's choices, under the scene's own. */
export function paletteOf(project: Project, film: Film, scene?: FilmScene): Colors {
  return slotColors(project.color_slots, { ...film.palette, ...scene?.colors });
}

/** The film's choices with a preset's colours over them; what derives from others is free to follow again. */
export function withPreset(project: Project, film: Film, preset: Preset): Colors {
  const free = new Set(project.color_slots.filter((slot) => slot.derive).map((slot) => slot.key));
  const kept = Object.entries(film.palette).filter(([key]) => !free.has(key));
  return { ...Object.fromEntries(kept), ...preset.colors };
}

export function matchesPreset(project: Project, film: Film, preset: Preset): boolean {
  const palette = paletteOf(project, film);
  return Object.entries(slotColors(project.color_slots, preset.colors)).every(
    ([key, color]) => color === palette[key]?.toLowerCase(),
  );
}

export function sceneOf(project: Project, key: string): Scene | undefined {
  return project.scenes.find((scene) => scene.key === key);
}

/** The scenes that may be added: those that may repeat and those that are not in the film. */
export function addableScenes(project: Project, film: Film): Scene[] {
  const used = new Set(film.scenes.map((scene) => scene.scene_key));
  return project.scenes.filter((scene) => scene.is_active !== false && (scene.can_repeat || !used.has(scene.key)));
}

export function canRemove(project: Project, film: Film, uid: string): boolean {
  if (film.scenes.length < 2) return false;
  const target = film.scenes.find((scene) => scene.uid === uid);
  if (!target) return false;
  const definition = sceneOf(project, target.scene_key);
  if (!definition?.is_required) return true;
  return film.scenes.filter((scene) => scene.scene_key === target.scene_key).length > 1;
}

/** How long a scene lasts with its words, by the same rule as the server's `content_frames`; clips and voices are the server's to know. */
export function sceneFrames(project: Project, film: Film, scene: FilmScene): number {
  const definition = sceneOf(project, scene.scene_key);
  if (scene.duration_frames !== null || !definition) return scene.duration_frames ?? 0;
  const rule = definition.duration;
  if (rule?.mode !== 'follow_text') return definition.duration_frames;
  const values = { ...film.global_values, ...scene.values };
  let words = 0;
  let characters = 0;
  for (const field of definition.fields) {
    const followed = !rule.fields?.length || rule.fields.includes(field.key);
    if (!followed || (field.type !== 'text' && field.type !== 'textarea')) continue;
    const value = valueOf(field, values, film.locale);
    const text = typeof value === 'string' ? value : '';
    words += text.split(/\s+/u).filter(Boolean).length;
    characters += Array.from(text.replace(/[\s\p{M}\p{C}]/gu, '')).length;
  }
  const seconds =
    (rule.base_seconds ?? 1.5) +
    (rule.seconds_per_word ?? 0.4) * words +
    (rule.seconds_per_character ?? 0) * characters;
  const wanted = Math.ceil(seconds * project.fps - 1e-3);
  return Math.max(
    1,
    Math.min(Math.max(wanted, rule.min_frames ?? definition.duration_frames), rule.max_frames ?? Infinity),
  );
}

/** By how many frames each scene and the next are seen at once, by the engine's rule: every scene keeps a frame of its own. */
export function overlaps(project: Project, film: Film): number[] {
  const lengths = film.scenes.map((scene) => sceneFrames(project, film, scene));
  const room = (at: number) => {
    const alone = at === 0 || at === lengths.length - 1;
    return Math.floor(((lengths[at] ?? 1) - 1) / (alone ? 1 : 2));
  };
  return film.scenes.slice(0, -1).map(({ transition }, at) => {
    if (!transition || transition.kind === 'cut') return 0;
    const wanted = Math.max(1, Math.round((transition.duration_ms / 1000) * project.fps));
    return Math.min(wanted, room(at), room(at + 1));
  });
}

export function filmFrames(project: Project, film: Film): number {
  const lengths = film.scenes.reduce((total, scene) => total + sceneFrames(project, film, scene), 0);
  return overlaps(project, film).reduce((total, shared) => total - shared, lengths);
}

/** Whether a field's conditions hold among the values that are shown now. */
export function isAskedFor(field: Field, fields: Field[], values: Values, locale: string): boolean {
  return (field.constraints?.visible_when ?? []).every((condition) => {
    const other = fields.find((one) => one.key === condition.field);
    const value = other ? valueOf(other, values, locale) : null;
    const wanted = condition.is;
    const met =
      wanted === undefined || wanted === null
        ? typeof value === 'string'
          ? value.trim() !== ''
          : Boolean(value)
        : (Array.isArray(wanted) ? wanted : [wanted]).includes(value);
    return met !== (condition.not ?? false);
  });
}
