import type { Notice } from '../api/types';
import { i18n } from '../i18n';

/** The notification's title in the interface's language: the type's own text, else what the server wrote. */
export function noticeTitle(notice: Pick<Notice, 'type_key' | 'title'>): string {
  const key = `notices.type.${notice.type_key.replaceAll('.', '_')}`;
  return i18n.exists(key) ? i18n.t(key) : (notice.title ?? notice.type_key);
}
