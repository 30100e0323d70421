import type { OutputProfile } from '../api/types';
import { localized, textFor } from '../i18n';

/** What a person calls an output profile: our own words for those that we know, otherwise the server's name, otherwise its key. */
export function profileName(key: string, known?: OutputProfile, locale = 'fa'): string {
  const name = known && (known.name[locale] ?? Object.entries(known.name).find(([tag]) => tag.startsWith(locale))?.[1]);
  return textFor(`render.profile.${key}`) ?? name ?? (localized(known?.name, locale) || key);
}

/** What a profile is for, in a few words; null for one that we have no words for. */
export function profileHint(key: string): string | null {
  return textFor(`render.profile.${key}.hint`);
}

export type ProfileGroup = 'video' | 'web' | 'edit';

/** Where a profile stands in the list of choices: films to watch, files for the web, files to go on working with. */
export function groupOf(profile: OutputProfile): ProfileGroup {
  if (profile.container === 'mov' || profile.container.endsWith('_seq')) return 'edit';
  return profile.container === 'mp4' ? 'video' : 'web';
}

/** How a file of the container is called in the download button. */
export const FILE_ENDING: Record<OutputProfile['container'], string> = {
  mp4: 'MP4',
  mov: 'MOV',
  webm: 'WebM',
  gif: 'GIF',
  webp: 'WebP',
  apng: 'APNG',
  png_seq: 'ZIP',
  jpeg_seq: 'ZIP',
};
