import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { render } from './api/endpoints';
import { follow } from './api/events';
import type { RenderJob } from './api/types';
import { isEnded, queries, rememberJob } from './queries';

/** A job kept up to date: by its own events, and by asking every few seconds while these are interrupted. */
export function useJob(id: string | null) {
  const [connected, setConnected] = useState(true);
  const query = useQuery({
    ...queries.renderJob(id ?? ''),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data && !isEnded(state.data) && !connected ? 3000 : false),
  });
  const open = query.data !== undefined && !isEnded(query.data);
  useEffect(() => {
    if (id === null || !open) return;
    const stop = new AbortController();
    void follow(
      render.eventsPath(id),
      stop.signal,
      (event) => {
        if (event.event !== 'job') return undefined;
        const job = JSON.parse(event.data) as RenderJob;
        rememberJob(job);
        return isEnded(job);
      },
      setConnected,
    );
    return () => stop.abort();
  }, [id, open]);
  return { ...query, connected };
}
