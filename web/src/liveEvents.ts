import { useEffect } from 'react';
import { notification } from './api/endpoints';
import { follow } from './api/events';
import type { Notice, RenderJob } from './api/types';
import { noticeTitle } from './components/noticeText';
import { queries, queryClient, rememberJob } from './queries';
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
            void queryClient.invalidateQueries({ queryKey: queries.renderJobs.queryKey });
          }
          say.notice(noticeTitle(notice), notice.body);
        } else if (event.event === 'render_job') {
          const job = JSON.parse(event.data) as Partial<RenderJob>;
          // a stream may send less than the whole job: then what is known is brought up to date
          const known = job.id ? queryClient.getQueryData(queries.renderJob(job.id).queryKey) : undefined;
          if (job.id && job.queued_at && job.status) rememberJob(job as RenderJob);
          else if (known) rememberJob({ ...known, ...job });
          else void queryClient.invalidateQueries({ queryKey: queries.renderJobs.queryKey });
        }
      } catch (error) {
        console.warn('An event of the notification stream could not be read.', error);
      }
      return undefined;
    });
    return () => stop.abort();
  }, []);
}
