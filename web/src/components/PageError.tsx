import { Button, Stack, Text, Title } from '@mantine/core';
import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { ApiError } from '../api/errors';
import { useI18n } from '../i18n';
import { ErrorState } from './ErrorState';

export function NotFoundNote() {
  const { t } = useI18n();
  return (
    <Stack align="center" gap="sm" py={120} px="md">
      <Title order={1} size="h2">
        {t('error.notFound.title')}
      </Title>
      <Text c="dimmed">{t('error.notFound.body')}</Text>
      <Button component={Link} to="/" mt="md">
        {t('error.notFound.action')}
      </Button>
    </Stack>
  );
}

/** An address that no page has, outside the frame of the other pages. */
export function NotFound() {
  return (
    <main id="main" tabIndex={-1}>
      <NotFoundNote />
    </main>
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return error instanceof ApiError && error.status === 404 ? (
    <NotFoundNote />
  ) : (
    <ErrorState error={error} retry={retry} />
  );
}
