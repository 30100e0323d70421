import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCopy } from '@tabler/icons-react';
import { ApiError, errorMessage } from '../api/errors';
import { useI18n } from '../i18n';

export function RequestId({ id }: { id: string }) {
  const { t } = useI18n();
  return (
    <Group gap={6} justify="center">
      <Text size="xs" c="dimmed">
        {t('error.requestId')}
      </Text>
      <Code className="ltr" data-testid="request-id">
        {id}
      </Code>
      <CopyButton value={id}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={copy}
            aria-label={t('error.copyRequestId')}
            leftSection={copied ? <IconCheck size={13} aria-hidden /> : <IconCopy size={13} aria-hidden />}
          >
            {copied ? t('common.copied') : t('common.copy')}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}

type ErrorStateProps = { error: unknown; retry?: () => void; title?: string };

export function ErrorState({ error, retry, title }: ErrorStateProps) {
  const { t } = useI18n();
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Stack align="center" gap="xs" py={48} px="md" role="alert" data-testid="error-state">
      <IconAlertTriangle size={34} stroke={1.5} color="var(--mantine-color-error)" aria-hidden />
      <Text fw={700}>{title ?? t('error.title')}</Text>
      <Text c="dimmed" size="sm" ta="center" maw={440}>
        {errorMessage(error)}
      </Text>
      {requestId && <RequestId id={requestId} />}
      {retry && (
        <Button variant="default" mt="xs" onClick={retry}>
          {t('common.retry')}
        </Button>
      )}
    </Stack>
  );
}
