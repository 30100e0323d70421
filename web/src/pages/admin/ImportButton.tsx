import { Button, FileButton } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { upload } from '../../api/upload';
import { formatPercent } from '../../format/digits';
import { useI18n } from '../../i18n';
import { say } from '../../say';

const ACCEPT = '.frt,.zip,.json,.lottie';

type ImportButtonProps = {
  label: string;
  icon: ReactNode;
  variant?: string;
  /** What to do with the uploaded package. */
  take: (fileId: string) => Promise<void>;
  testId: string;
};

/** Upload a template package, then hand its file id on; tells how far it is. */
export function ImportButton({ label, icon, variant, take, testId }: ImportButtonProps) {
  const { t, locale } = useI18n();
  const [share, setShare] = useState<number | null>(null);
  const start = async (file: File | null) => {
    if (!file) return;
    setShare(0);
    try {
      const stored = await upload(file, 'template_package', setShare);
      setShare(1);
      await take(stored.id);
    } catch (error) {
      say.failed(error);
    } finally {
      setShare(null);
    }
  };
  const text =
    share === null
      ? label
      : share < 1
        ? t('admin.importing', { percent: formatPercent(share * 100, locale) })
        : t('admin.reading');
  return (
    <FileButton
      onChange={(file) => void start(file)}
      accept={ACCEPT}
      inputProps={{ 'data-testid': `${testId}-input`, 'aria-label': label, tabIndex: -1 } as object}
    >
      {(props) => (
        <Button
          {...props}
          variant={variant}
          leftSection={icon}
          disabled={share !== null}
          data-testid={testId}
          title={t('admin.importHint')}
        >
          {text}
        </Button>
      )}
    </FileButton>
  );
}
