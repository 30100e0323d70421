import { Center, Loader } from '@mantine/core';
import { useI18n } from '../i18n';

export function PageLoading() {
  const { t } = useI18n();
  return (
    <Center mih="60vh" role="status" aria-label={t('app.loading')}>
      <Loader type="dots" />
    </Center>
  );
}
