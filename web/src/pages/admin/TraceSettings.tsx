import { NativeSelect } from '@mantine/core';
import type { TraceDetail } from '../../api/types';
import { formatNumber } from '../../format/digits';
import { useI18n } from '../../i18n';

const COLORS = [6, 12, 24, 40] as const;
const DETAILS: readonly TraceDetail[] = ['low', 'medium', 'high'];

type TraceSettingsProps = {
  colors: number;
  setColors: (colors: number) => void;
  detail: TraceDetail;
  setDetail: (detail: TraceDetail) => void;
};

/** How the next pictures are traced. */
export function TraceSettings({ colors, setColors, detail, setDetail }: TraceSettingsProps) {
  const { t, locale } = useI18n();
  return (
    <>
      <NativeSelect
        label={t('admin.traceColors')}
        value={String(colors)}
        onChange={(event) => setColors(Number(event.currentTarget.value))}
        data={COLORS.map((count) => ({
          value: String(count),
          label: t('admin.traceColorsOf', { n: formatNumber(count, locale) }),
        }))}
        data-testid="trace-colors"
      />
      <NativeSelect
        label={t('admin.traceDetail')}
        value={detail}
        onChange={(event) => setDetail(event.currentTarget.value as TraceDetail)}
        data={DETAILS.map((value) => ({ value, label: t(`admin.traceDetail.${value}`) }))}
        data-testid="trace-detail"
      />
    </>
  );
}
