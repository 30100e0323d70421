import { Button, Menu, Text } from '@mantine/core';
import { IconCopyPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { render } from '../api/endpoints';
import type { RenderJob } from '../api/types';
import { useI18n } from '../i18n';
import { queries, refreshJobLists, rememberJob } from '../queries';
import { say } from '../say';
import { profileName } from './profileText';

/** Makes an ended film once more in another quality; the project may have been changed since, the new film is like the old one. */
export function RerenderButton({ job, onMade }: { job: RenderJob; onMade: (job: RenderJob) => void }) {
  const { t, locale } = useI18n();
  const profiles = useQuery(queries.outputProfiles);
  const again = useMutation({
    mutationFn: (profile: string) => render.rerender(job.id, { profile }),
    onSuccess: async (next) => {
      rememberJob(next);
      await refreshJobLists();
      onMade(next);
    },
    onError: say.failed,
  });
  const others = (profiles.data ?? []).filter((profile) => profile.key !== job.profile);
  if (others.length === 0) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconCopyPlus size={16} aria-hidden />}
          loading={again.isPending}
          data-testid="film-rerender"
        >
          {t('films.rerender')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown maw={320}>
        <Text size="xs" c="dimmed" px="sm" py={6}>
          {t('films.rerenderHint')}
        </Text>
        {others.map((profile) => (
          <Menu.Item
            key={profile.key}
            onClick={() => again.mutate(profile.key)}
            data-testid={`rerender-${profile.key}`}
          >
            {profileName(profile.key, profile, locale)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
