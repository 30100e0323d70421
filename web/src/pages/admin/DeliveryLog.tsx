import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminDelivery } from '../../api/endpoints';
import type { Delivery, DeliveryTarget } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { ListState } from '../../components/ListState';
import { StatusBadge } from '../../components/StatusBadge';
import { formatNumber, localDigits } from '../../format/digits';
import { formatAgo, formatDateTime } from '../../format/time';
import { useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';

const TONES = { pending: 'warn', sending: 'busy', delivered: 'good', dead: 'bad', cancelled: 'quiet' } as const;
const isOpen = (delivery: Delivery) => delivery.status === 'pending' || delivery.status === 'sending';

function Attempts({ id }: { id: string }) {
  const { t, locale } = useI18n();
  const detail = useQuery(queries.delivery(id));
  return (
    <Stack gap={6} mt={8}>
      {detail.data?.attempts.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('delivery.noAttempts')}
        </Text>
      )}
      {detail.data?.attempts.map((attempt) => (
        <div key={attempt.attempt}>
          <Text size="sm">
            {[
              t('delivery.attempt', { n: formatNumber(attempt.attempt, locale) }),
              formatDateTime(attempt.created_at, locale),
              attempt.status_code ? localDigits(String(attempt.status_code), locale) : null,
              t('delivery.took', { ms: formatNumber(attempt.duration_ms, locale) }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
          {attempt.error && (
            <Text size="sm" c="var(--mantine-color-error)" dir="auto">
              {attempt.error}
            </Text>
          )}
          {attempt.response && (
            <Code block dir="ltr" mt={4} tabIndex={0}>
              {attempt.response}
            </Code>
          )}
        </div>
      ))}
    </Stack>
  );
}

function DeliveryRow({ delivery, targetId }: { delivery: Delivery; targetId: string }) {
  const { t, locale } = useI18n();
  const [opened, setOpened] = useState(false);
  const replay = useMutation({
    mutationFn: () => adminDelivery.replay(delivery.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.deliveries(targetId).queryKey }),
    onError: say.failed,
  });
  return (
    <li className={classes.delivery} data-testid="delivery-row" data-status={delivery.status}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <StatusBadge tone={TONES[delivery.status]}>{t(`delivery.state.${delivery.status}`)}</StatusBadge>
            <Text size="sm" fw={600}>
              {delivery.event_type === 'target.test' ? t('delivery.testMessage') : t('delivery.exportReady')}
            </Text>
            {delivery.replay_of_id && (
              <Text size="sm" c="dimmed">
                {t('delivery.replayed')}
              </Text>
            )}
          </Group>
          <Text size="sm" c="dimmed" title={formatDateTime(delivery.created_at, locale)}>
            {formatAgo(delivery.created_at, locale)}
            {delivery.next_attempt_at && delivery.attempt > 0
              ? ` · ${t('delivery.next', { when: formatAgo(delivery.next_attempt_at, locale) })}`
              : ''}
          </Text>
          {delivery.last_error && delivery.status !== 'delivered' && (
            <Text size="sm" c="var(--mantine-color-error)" dir="auto">
              {delivery.last_error}
            </Text>
          )}
        </div>
        <Group gap={4} wrap="nowrap">
          <Button
            size="compact-sm"
            variant="subtle"
            aria-expanded={opened}
            onClick={() => setOpened((before) => !before)}
            data-testid="delivery-attempts"
          >
            {t('delivery.attempts', { n: formatNumber(delivery.attempt, locale) })}
          </Button>
          {!isOpen(delivery) && delivery.event_type !== 'target.test' && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconRefresh size={14} aria-hidden />}
              loading={replay.isPending}
              onClick={() => replay.mutate()}
              data-testid="delivery-replay"
            >
              {t('delivery.replay')}
            </Button>
          )}
        </Group>
      </Group>
      {opened && <Attempts id={delivery.id} />}
    </li>
  );
}

/** What was delivered to a target and how each attempt went. */
export function DeliveryLog({ target, close }: { target: DeliveryTarget; close: () => void }) {
  const { t } = useI18n();
  const list = useInfiniteQuery({
    ...queries.deliveries(target.id),
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some(isOpen)) ? 1500 : 10_000),
  });
  return (
    <Modal
      opened
      onClose={close}
      size={720}
      title={t('delivery.logOf', { name: target.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div data-testid="delivery-log">
        <ListState query={list} rowHeight={64} empty={<EmptyState icon={null} text={t('delivery.logEmpty')} />}>
          {(items) => (
            <ul className={classes.deliveries}>
              {items.map((delivery) => (
                <DeliveryRow key={delivery.id} delivery={delivery} targetId={target.id} />
              ))}
            </ul>
          )}
        </ListState>
      </div>
    </Modal>
  );
}
