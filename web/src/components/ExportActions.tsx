import { ActionIcon, Button, Menu } from '@mantine/core';
import { IconDots, IconDownload, IconLink, IconRefresh, IconSend, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { exports } from '../api/endpoints';
import type { ExportFile } from '../api/types';
import { useI18n } from '../i18n';
import { queries, queryClient, refreshJobLists } from '../queries';
import { say } from '../say';
import { FILE_ENDING, profileName } from './profileText';

export async function refreshExports(jobId: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: queries.exports.queryKey }),
    queryClient.invalidateQueries({ queryKey: queries.renderJob(jobId).queryKey }),
    refreshJobLists(),
  ]);
}

/** A link that lives a day, in the clipboard. */
async function copyLink(id: string): Promise<void> {
  const link = await exports.link(id, 24 * 3600);
  await navigator.clipboard.writeText(new URL(link.url, window.location.href).href);
}

type ExportActionsProps = {
  file: Pick<ExportFile, 'id' | 'status' | 'profile' | 'container' | 'download_url'>;
  jobId: string;
  title: string;
  /** Another film is the page's first choice already. */
  quiet?: boolean;
  remove?: () => void;
};

/** What one can do with a file: download it, or have it back when it expired; and the rest in a menu. */
export function ExportActions({ file, jobId, title, quiet = false, remove }: ExportActionsProps) {
  const { t } = useI18n();
  const targets = useQuery(queries.deliveryTargets).data?.items ?? [];
  const name = `${title} – ${profileName(file.profile)}`;
  const renew = useMutation({
    mutationFn: () => exports.renew(file.id),
    onSuccess: (next) => {
      say.done(next.status === 'ready' ? t('exports.renewed') : t('exports.madeAgain'));
      return refreshExports(jobId);
    },
    onError: say.failed,
  });
  const copy = useMutation({
    mutationFn: () => copyLink(file.id),
    onSuccess: () => say.done(t('exports.linkCopied')),
    onError: say.failed,
  });
  const deliver = useMutation({
    mutationFn: (targetId: string) => exports.deliver(file.id, targetId),
    onSuccess: () => say.done(t('exports.delivering')),
    onError: say.failed,
  });
  const isReady = file.status === 'ready';
  const downloads = file.container
    ? t('render.downloadAs', { kind: FILE_ENDING[file.container] })
    : t('exports.download');
  const returns = file.status === 'failed' ? t('common.retry') : t('exports.getBack');
  return (
    <>
      {isReady && file.download_url ? (
        <Button
          component="a"
          href={file.download_url}
          download
          variant={quiet ? 'default' : 'filled'}
          leftSection={<IconDownload size={16} aria-hidden />}
          aria-label={`${downloads}: ${name}`}
          data-testid="export-download"
        >
          {downloads}
        </Button>
      ) : (
        file.status !== 'pending' && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={renew.isPending}
            onClick={() => renew.mutate()}
            aria-label={`${returns}: ${name}`}
            data-testid="export-renew"
          >
            {returns}
          </Button>
        )
      )}
      {(isReady || remove) && file.status !== 'pending' && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              loading={copy.isPending || deliver.isPending || (isReady && renew.isPending)}
              aria-label={t('exports.actions', { name })}
              data-testid="export-menu"
            >
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {isReady && (
              <>
                <Menu.Item
                  leftSection={<IconLink size={16} aria-hidden />}
                  onClick={() => copy.mutate()}
                  data-testid="export-copy-link"
                >
                  {t('exports.copyLink')}
                </Menu.Item>
                <Menu.Item
                  leftSection={<IconRefresh size={16} aria-hidden />}
                  onClick={() => renew.mutate()}
                  data-testid="export-extend"
                >
                  {t('exports.renew')}
                </Menu.Item>
                {targets.map((target) => (
                  <Menu.Item
                    key={target.id}
                    leftSection={<IconSend size={16} className="mirror" aria-hidden />}
                    onClick={() => deliver.mutate(target.id)}
                  >
                    {t('exports.deliverTo', { name: target.name })}
                  </Menu.Item>
                ))}
              </>
            )}
            {remove && (
              <Menu.Item
                leftSection={<IconTrash size={16} aria-hidden />}
                color="red"
                onClick={remove}
                data-testid="export-delete"
              >
                {t('common.delete')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}
