import type { Notice } from '../api/types';
import { textFor } from '../i18n';

/** The notification's title in the interface's language: the type's own text, else what the server wrote. */
export function noticeTitle(notice: Pick<Notice, 'type_key' | 'title'>): string {
  return textFor(`notices.type.${notice.type_key.replaceAll('.', '_')}`) ?? notice.title ?? notice.type_key;
}
