import { Button, FileButton } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { StoredFile } from '../../api/types';
import { upload } from '../../api/upload';
import { formatPercent } from '../../format/digits';
import { useI18n } from '../../i18n';
import { say } from '../../say';

const ACCEPT = 'audio/wav,audio/mpeg,audio/ogg,audio/mp4,.wav,.mp3,.ogg,.m4a';

/** Bring one's own sound; the file's id is the track's. */
export function SoundUpload({
  label,
  take,
  testId,
}: {
  label: string;
  take: (file: StoredFile) => void;
  testId: string;
}) {
  const { t, locale } = useI18n();
  const [share, setShare] = useState<number | null>(null);
  const sending = useRef<AbortController | null>(null);
  useEffect(() => () => sending.current?.abort(), []);
  const start = async (file: File | null) => {
    if (!file) return;
    const control = new AbortController();
    sending.current = control;
    setShare(0);
    try {
      take(await upload(file, 'audio', setShare, control.signal));
    } catch (error) {
      if (!control.signal.aborted) say.failed(error);
    } finally {
      setShare(null);
    }
  };
  return (
    <FileButton
      onChange={(file) => void start(file)}
      accept={ACCEPT}
      inputProps={{ 'data-testid': `${testId}-input`, 'aria-label': label, tabIndex: -1 } as object}
    >
      {(props) => (
        <Button
          {...props}
          size="compact-sm"
          variant="default"
          disabled={share !== null}
          leftSection={<IconUpload size={14} aria-hidden />}
          data-testid={testId}
        >
          {share === null ? label : t('field.uploading', { percent: formatPercent(share * 100, locale) })}
        </Button>
      )}
    </FileButton>
  );
}
