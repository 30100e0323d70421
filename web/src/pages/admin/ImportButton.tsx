import { Button, FileButton } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { upload } from '../../api/upload';
import { formatPercent } from '../../format/digits';
import { useI18n } from '../../i18n';
import { say } from '../../say';

const ACCEPT = '.frt,.zip,.json,.lottie,.aep';

type ImportButtonProps = {
  label: string;
  icon: ReactNode;
  variant?: string;
  /** What to do with the uploaded file; it says when an After Effects project is being converted, which takes a while. */
  take: (fileId: string, onConverting: () => void) => Promise<void>;
  testId: string;
};

/** Upload a template package, then hand its file id on; tells how far it is. */
export function ImportButton({ label, icon, variant, take, testId }: ImportButtonProps) {
  const { t, locale } = useI18n();
  const [share, setShare] = useState<number | null>(null);
  const [converting, setConverting] = useState(false);
  const start = async (file: File | null) => {
    if (!file) return;
    setShare(0);
    try {
      const stored = await upload(file, 'template_package', setShare);
      setShare(1);
      await take(stored.id, () => setConverting(true));
    } catch (error) {
      say.failed(error);
    } finally {
      setShare(null);
      setConverting(false);
    }
  };
  const text =
    share === null
      ? label
      : share < 1
        ? t('admin.importing', { percent: formatPercent(share * 100, locale) })
        : t(converting ? 'admin.converting' : 'admin.reading');
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
          <span role={share === null ? undefined : 'status'}>{text}</span>
        </Button>
      )}
    </FileButton>
  );
}
