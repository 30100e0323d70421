import { Button, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconRocket } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { adminContent } from '../../api/endpoints';
import type { AdminProject } from '../../api/types';
import { formatNumber } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { say } from '../../say';

/** Publishes the newest version; asks first when scenes of it need nodes with After Effects. */
export function PublishButton({ project, onPublished }: { project: AdminProject; onPublished: () => Promise<void> }) {
  const { t, locale } = useI18n();
  const [asking, ask] = useDisclosure(false);
  const needing = project.scenes.filter((scene) => scene.engine === 'aerender' && scene.is_active !== false);
  const publish = useMutation({
    mutationFn: () => adminContent.publish(project.id, project.row_version, needing.length > 0),
    onSuccess: () => {
      ask.close();
      say.done(t('admin.published'));
      return onPublished();
    },
    onError: say.failed,
  });
  return (
    <>
      <Button
        leftSection={<IconRocket size={16} aria-hidden />}
        loading={publish.isPending}
        onClick={() => (needing.length > 0 ? ask.open() : publish.mutate())}
        data-testid="admin-publish"
      >
        {t('admin.publish')}
      </Button>
      <Modal
        opened={asking}
        onClose={ask.close}
        title={t('admin.publishNeedsTitle')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
        centered
      >
        <div data-testid="publish-needs-after-effects">
          <Text size="sm">{t('admin.publishNeeds', { n: formatNumber(needing.length, locale) })}</Text>
          <Text size="sm" fw={600} mt="sm" component="ul" pis="md">
            {needing.map((scene) => (
              <li key={scene.id}>
                <bdi>{localized(scene.title, locale)}</bdi>
              </li>
            ))}
          </Text>
        </div>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={ask.close}>
            {t('common.cancel')}
          </Button>
          <Button loading={publish.isPending} onClick={() => publish.mutate()} data-testid="publish-anyway">
            {t('admin.publishAnyway')}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
