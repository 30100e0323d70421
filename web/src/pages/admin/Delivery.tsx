import { Button, Code, CopyButton, Group, Menu, Modal, Stack, Text } from '@mantine/core';
import {
  IconBucket,
  IconDots,
  IconKey,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlus,
  IconSend,
  IconTrash,
  IconWebhook,
} from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminDelivery } from '../../api/endpoints';
import type { DeliveryTarget, NewDeliveryTarget } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { ErrorState } from '../../components/ErrorState';
import { SkeletonRows, useSlow } from '../../components/ListState';
import { PageHeader } from '../../components/PageHeader';
import { StatusBadge } from '../../components/StatusBadge';
import { formatAgo } from '../../format/time';
import { useI18n } from '../../i18n';
import { queries, queryClient } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';
import { DeliveryLog } from './DeliveryLog';
import { TargetForm } from './TargetForm';

const TONES = { active: 'good', paused: 'quiet', disabled_failing: 'bad', disabled_gone: 'bad' } as const;

export const refreshTargets = () =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: queries.adminTargets.queryKey }),
    queryClient.invalidateQueries({ queryKey: queries.deliveryTargets.queryKey }),
  ]);

type TargetCardProps = {
  target: DeliveryTarget;
  openLog: () => void;
  edit: () => void;
  showSecret: (made: NewDeliveryTarget) => void;
};

function TargetCard({ target, openLog, edit, showSecret }: TargetCardProps) {
  const { t, locale } = useI18n();
  const isS3 = target.kind === 's3';
  const act = (mutationFn: () => Promise<unknown>, done?: string) => ({
    mutationFn,
    onSuccess: async () => {
      if (done) say.done(done);
      await refreshTargets();
    },
    onError: say.failed,
  });
  const test = useMutation({
    mutationFn: () => adminDelivery.test(target.id),
    onSuccess: openLog,
    onError: say.failed,
  });
  const isActive = target.status === 'active';
  const pause = useMutation(act(() => adminDelivery.change(target.id, target.row_version, { paused: isActive })));
  const usual = useMutation(
    act(() => adminDelivery.change(target.id, target.row_version, { is_default: !target.is_default })),
  );
  const rotate = useMutation({ ...act(() => adminDelivery.rotate(target.id)), onSuccess: showSecret as never });
  const remove = useMutation(act(() => adminDelivery.remove(target.id), t('delivery.deleted', { name: target.name })));
  const facts: [string, string][] = [
    isS3
      ? [t('delivery.bucket'), `${target.config.endpoint ?? ''}/${target.config.bucket ?? ''}`]
      : [t('delivery.url'), target.config.url ?? ''],
    ...(isS3 ? ([[t('delivery.keys'), target.config.access_key_id ?? '']] as [string, string][]) : []),
    [t('delivery.lastSuccess'), target.last_success_at ? formatAgo(target.last_success_at, locale) : '—'],
  ];
  return (
    <li className={classes.node} data-testid="target-card" data-status={target.status}>
      <div className={classes.nodeHead}>
        <div>
          <Text component="h2" fw={700}>
            <bdi>{target.name}</bdi>
          </Text>
          <Group gap={6} mt={4}>
            {isS3 ? <IconBucket size={16} aria-hidden /> : <IconWebhook size={16} aria-hidden />}
            <Text size="sm" c="dimmed">
              {t(`delivery.kind.${target.kind}`)}
            </Text>
            {target.is_default && (
              <Text size="sm" c="dimmed">
                · {t('delivery.usual')}
              </Text>
            )}
          </Group>
        </div>
        <StatusBadge tone={TONES[target.status]} testId="target-status">
          {t(`delivery.status.${target.status}`)}
        </StatusBadge>
      </div>
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd style={{ overflowWrap: 'anywhere' }}>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      {target.last_error && (
        <Text size="sm" c="var(--mantine-color-error)" dir="auto">
          {target.last_error}
        </Text>
      )}
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconSend size={16} className="mirror" aria-hidden />}
          loading={test.isPending}
          onClick={() => test.mutate()}
          aria-label={`${t('delivery.test')}: ${target.name}`}
          data-testid="target-test"
        >
          {t('delivery.test')}
        </Button>
        <Button
          variant="subtle"
          onClick={openLog}
          aria-label={`${t('delivery.log')}: ${target.name}`}
          data-testid="target-log"
        >
          {t('delivery.log')}
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button
              variant="subtle"
              color="gray"
              px="xs"
              loading={pause.isPending || usual.isPending || remove.isPending || rotate.isPending}
              aria-label={t('exports.actions', { name: target.name })}
              data-testid="target-menu"
            >
              <IconDots size={18} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={edit}>{t('delivery.edit')}</Menu.Item>
            <Menu.Item onClick={() => usual.mutate()}>
              {target.is_default ? t('delivery.makeUnusual') : t('delivery.makeUsual')}
            </Menu.Item>
            <Menu.Item
              leftSection={
                isActive ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />
              }
              onClick={() => pause.mutate()}
            >
              {isActive ? t('delivery.pause') : t('delivery.resume')}
            </Menu.Item>
            {!isS3 && (
              <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => rotate.mutate()}>
                {t('delivery.rotate')}
              </Menu.Item>
            )}
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              color="red"
              onClick={() => remove.mutate()}
              data-testid="target-delete"
            >
              {t('common.delete')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </li>
  );
}

function SecretOnce({ made, close }: { made: NewDeliveryTarget | null; close: () => void }) {
  const { t } = useI18n();
  return (
    <Modal
      opened={made?.secret != null}
      onClose={close}
      title={t('delivery.secretTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Text size="sm">{t('delivery.secretOnce')}</Text>
        <Code block dir="ltr" data-testid="target-secret" style={{ overflowWrap: 'anywhere', whiteSpace: 'normal' }}>
          {made?.secret}
        </Code>
        <CopyButton value={made?.secret ?? ''}>
          {({ copied, copy }) => <Button onClick={copy}>{copied ? t('delivery.copied') : t('delivery.copy')}</Button>}
        </CopyButton>
      </Stack>
    </Modal>
  );
}

export function AdminDelivery() {
  const { t } = useI18n();
  const query = useQuery(queries.adminTargets);
  const slow = useSlow(query.isPending);
  const [editing, setEditing] = useState<DeliveryTarget | 'new' | null>(null);
  const [logged, setLogged] = useState<DeliveryTarget | null>(null);
  const [made, setMade] = useState<NewDeliveryTarget | null>(null);
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')} data-testid="target-add">
      {t('delivery.add')}
    </Button>
  );
  return (
    <>
      <PageHeader title={t('admin.delivery')} lead={t('delivery.lead')}>
        {query.data && query.data.items.length > 0 && add}
      </PageHeader>
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && slow && <SkeletonRows rows={2} height={180} />}
      {query.data?.items.length === 0 && (
        <EmptyState icon={<IconSend size={30} stroke={1.4} />} text={t('delivery.empty')} action={add} />
      )}
      {query.data && query.data.items.length > 0 && (
        <ul className={classes.nodes}>
          {query.data.items.map((target) => (
            <TargetCard
              key={target.id}
              target={target}
              openLog={() => setLogged(target)}
              edit={() => setEditing(target)}
              showSecret={(next) => {
                setMade(next);
                void refreshTargets();
              }}
            />
          ))}
        </ul>
      )}
      {editing && (
        <TargetForm
          target={editing === 'new' ? null : editing}
          close={() => setEditing(null)}
          saved={(next) => {
            setEditing(null);
            if ('secret' in next) setMade(next);
            void refreshTargets();
          }}
        />
      )}
      {logged && <DeliveryLog target={logged} close={() => setLogged(null)} />}
      <SecretOnce made={made} close={() => setMade(null)} />
    </>
  );
}
