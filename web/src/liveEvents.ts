import { useEffect } from 'react';
import { notification } from './api/endpoints';
import { follow } from './api/events';
import type { Notice } from './api/types';
import { noticeTitle } from './components/noticeText';
import { hearOfJob, queryClient, refreshJobLists } from './queries';
import { say } from './say';

/** Follow the person's notifications and their films' progress while the page is open. */
export function useLiveEvents(): void {
  useEffect(() => {
    const stop = new AbortController();
    void follow(notification.streamPath, stop.signal, (event) => {
      try {
        if (event.event === 'notification') {
          const notice = JSON.parse(event.data) as Notice;
          void queryClient.invalidateQueries({ queryKey: ['notices'] });
          if (notice.type_key.startsWith('render.')) {
            void refreshJobLists();
          }
          say.notice(noticeTitle(notice), notice.body);
        } else if (event.event === 'render_job') {
          hearOfJob(JSON.parse(event.data) as Parameters<typeof hearOfJob>[0]);
        }
      } catch (error) {
        console.warn('An event of the notification stream could not be read.', error);
      }
      return undefined;
    });
    return () => stop.abort();
  }, []);
}
