import type { Colors, Project } from '../api/types';

/** What stands for a picture that has not been made yet: its title on colours of its own. */
export type Art = { title: string; ground: string; ink: string; accent: string };

const COMBINATIONS: readonly Omit<Art, 'title'>[] = [
  { ground: '#12303c', ink: '#eef6f7', accent: '#f2b134' },
  { ground: '#3a1f3d', ink: '#f8eef6', accent: '#ff8a5c' },
  { ground: '#163a24', ink: '#eff8ec', accent: '#9bd64a' },
  { ground: '#1f2a54', ink: '#eef1ff', accent: '#6fd3ff' },
  { ground: '#4a1f1a', ink: '#fff1ea', accent: '#ffc14d' },
];

/** Always the same colours for the same key. */
export function artOf(key: string, title: string): Art {
  let sum = 0;
  for (const character of key) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return {
    title,
    ...(COMBINATIONS[sum % COMBINATIONS.length] ?? { ground: '#12303c', ink: '#eef6f7', accent: '#f2b134' }),
  };
}

/** A scene in the template's colours, or in the palette chosen. */
export function sceneArt(project: Project, title: string, palette: Colors = {}): Art {
  const color = (wanted: string[], fallback: string) => {
    const slot = project.color_slots.find((item) => wanted.includes(item.key));
    return slot ? (palette[slot.key] ?? slot.default) : fallback;
  };
  if (project.color_slots.length === 0) return artOf(project.slug, title);
  return {
    title,
    ground: color(['background', 'primary'], '#12303c'),
    ink: color(['text', 'primary'], '#eef6f7'),
    accent: color(['accent'], '#f2b134'),
  };
}
