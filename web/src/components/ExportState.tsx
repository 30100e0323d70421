import type { ExportFile } from '../api/types';
import { formatNumber } from '../format/digits';
import { useI18n } from '../i18n';
import { StatusBadge } from './StatusBadge';

const SOON_DAYS = 7;

/** What is to be known of a file's state: being made, failed, expired, or how many days it is still kept. */
export function ExportState({ file }: { file: Pick<ExportFile, 'status' | 'expires_at'> }) {
  const { t, locale } = useI18n();
  if (file.status === 'pending') return <StatusBadge tone="busy">{t('exports.state.pending')}</StatusBadge>;
  if (file.status === 'failed') return <StatusBadge tone="bad">{t('exports.state.failed')}</StatusBadge>;
  if (file.status !== 'ready') return <StatusBadge tone="quiet">{t('exports.state.expired')}</StatusBadge>;
  if (!file.expires_at) return null;
  const days = Math.max(0, Math.ceil((Date.parse(file.expires_at) - Date.now()) / 86_400_000));
  return (
    <StatusBadge tone={days <= SOON_DAYS ? 'warn' : 'quiet'} testId="export-expires">
      {days <= 1 ? t('exports.expiresToday') : t('exports.expiresIn', { days: formatNumber(days, locale) })}
    </StatusBadge>
  );
}
