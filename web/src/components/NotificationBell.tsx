import { ActionIcon, Button, Group, Indicator, Popover, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBell } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { notification } from '../api/endpoints';
import type { Notice } from '../api/types';
import { formatNumber } from '../format/digits';
import { formatAgo } from '../format/time';
import { useI18n } from '../i18n';
import { queries, queryClient } from '../queries';
import { say } from '../say';
import { ListState } from './ListState';
import classes from './NotificationBell.module.css';
import { noticeTitle } from './noticeText';

function NoticeList({ close }: { close: () => void }) {
  const { t, locale } = useI18n();
  const router = useRouter();
  const list = useInfiniteQuery(queries.notices);
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['notices'] });
  const open = async (notice: Notice) => {
    if (notice.read_at === null) await notification.read(notice.id).then(refresh, say.failed);
    if (notice.action_url?.startsWith('/') && !notice.action_url.startsWith('//')) {
      close();
      router.history.push(notice.action_url);
    }
  };
  return (
    <>
      <Group justify="space-between" className={classes.head}>
        <Text fw={700} component="h2" size="md">
          {t('notices.title')}
        </Text>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => void notification.readAll().then(refresh, say.failed)}
          data-testid="notices-read-all"
        >
          {t('notices.readAll')}
        </Button>
      </Group>
      <div className={classes.list}>
        <ListState query={list} rows={3} rowHeight={56} empty={<Text p="lg">{t('notices.empty')}</Text>}>
          {(items) => (
            <ul className={classes.items}>
              {items.map((notice) => (
                <li key={notice.id}>
                  <UnstyledButton
                    className={classes.item}
                    data-unread={notice.read_at === null || undefined}
                    onClick={() => void open(notice)}
                  >
                    <Text size="sm" fw={notice.read_at === null ? 700 : 500}>
                      {notice.read_at === null && <span className={classes.dot} title={t('notices.unread')} />}
                      {noticeTitle(notice)}
                    </Text>
                    {notice.body && (
                      <Text size="xs" c="dimmed" lineClamp={2} dir="auto">
                        {notice.body}
                      </Text>
                    )}
                    <Text size="xs" c="dimmed">
                      {formatAgo(notice.created_at, locale)}
                    </Text>
                  </UnstyledButton>
                </li>
              ))}
            </ul>
          )}
        </ListState>
      </div>
    </>
  );
}

export function NotificationBell() {
  const { t, locale } = useI18n();
  const [opened, { toggle, close }] = useDisclosure(false);
  const unread = useQuery(queries.unread).data ?? 0;
  return (
    <Popover
      opened={opened}
      onChange={(open) => !open && close()}
      position="bottom-end"
      width={340}
      shadow="lg"
      trapFocus
    >
      <Indicator
        label={unread > 99 ? '99+' : formatNumber(unread, locale)}
        size={17}
        offset={6}
        color="red.9"
        disabled={unread === 0}
        data-testid="unread-count"
      >
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            onClick={toggle}
            data-testid="notification-bell"
            aria-label={t('notices.bell', { n: formatNumber(unread, locale) })}
          >
            <IconBell size={20} stroke={1.7} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label={t('notices.title')}>
        {opened && <NoticeList close={close} />}
      </Popover.Dropdown>
    </Popover>
  );
}
