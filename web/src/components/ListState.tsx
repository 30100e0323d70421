import { Button, Center, Skeleton, Stack } from '@mantine/core';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import type { Page } from '../api/types';
import { useI18n } from '../i18n';
import { ErrorState } from './ErrorState';

/** True once `waiting` has lasted 200 ms: what comes sooner must not flicker. */
export function useSlow(waiting: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setSlow(true), 200);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [waiting]);
  return waiting && slow;
}

export function SkeletonRows({ rows = 4, height = 64 }: { rows?: number; height?: number }) {
  const { t } = useI18n();
  return (
    <Stack gap="sm" role="status" aria-label={t('app.loading')} p="sm">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={height} radius="md" />
      ))}
    </Stack>
  );
}

type ListStateProps<T> = {
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>;
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
  skeleton?: ReactNode;
  rows?: number;
  rowHeight?: number;
};

/** A list in all its states: waiting, failed, empty, there, and with more to fetch. */
export function ListState<T>({ query, empty, children, skeleton, rows, rowHeight }: ListStateProps<T>) {
  const { t } = useI18n();
  const slow = useSlow(query.isPending);
  if (query.isPending) return slow ? (skeleton ?? <SkeletonRows rows={rows} height={rowHeight} />) : null;
  if (query.isError && !query.isFetchNextPageError) {
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  }
  const items = query.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return empty;
  return (
    <>
      {children(items)}
      {query.isFetchNextPageError && <ErrorState error={query.error} retry={() => void query.fetchNextPage()} />}
      {query.hasNextPage && !query.isFetchNextPageError && (
        <Center mt="xl">
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('common.more')}
          </Button>
        </Center>
      )}
    </>
  );
}
