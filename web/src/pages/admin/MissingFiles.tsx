import { Alert, Button, FileButton, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconTypography, IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { adminContent } from '../../api/endpoints';
import type { AdminProject, FilePurpose, ProjectSource } from '../../api/types';
import { upload } from '../../api/upload';
import { formatNumber, formatPercent } from '../../format/digits';
import { useI18n } from '../../i18n';
import { say } from '../../say';
import { imported } from './importing';
import classes from './Report.module.css';

const FONTS = '.ttf,.otf';
const SOUND = /\.(wav|mp3|ogg|m4a)$/i;
/** What is taken as one file; everything else comes with the whole folder. */
const TAKEN = /\.(png|jpe?g|webp|mp4|m4v|mov|webm|wav|mp3|ogg|m4a)$/i;

type MissingFilesProps = { project: AdminProject; source: ProjectSource; onDone: () => Promise<void> };
type State = { stage: 'idle' } | { stage: 'uploading'; share: number } | { stage: 'converting' };

/** Fonts and footage that did not come with the project: each can be uploaded, then the project is converted again with them. */
export function MissingFiles({ project, source, onDone }: MissingFilesProps) {
  const { t, locale } = useI18n();
  const [state, setState] = useState<State>({ stage: 'idle' });
  const [chosen, setChosen] = useState<Record<string, File>>({});
  const [fonts, setFonts] = useState<File[]>([]);
  if (source.missing_fonts.length + source.missing_footage.length === 0) return null;
  const count = Object.keys(chosen).length + fonts.length;
  const complete = async () => {
    const wanted: { file: File; purpose: FilePurpose; name?: string }[] = [
      ...fonts.map((file) => ({ file, purpose: 'font' as const })),
      ...Object.entries(chosen).map(([name, file]) => ({
        file,
        purpose: SOUND.test(name) ? ('audio' as const) : ('user_media' as const),
        name,
      })),
    ];
    try {
      const added: { file_id: string; name?: string }[] = [];
      for (const [index, one] of wanted.entries()) {
        const stored = await upload(one.file, one.purpose, (share) =>
          setState({ stage: 'uploading', share: (index + share) / wanted.length }),
        );
        added.push({ file_id: stored.id, ...(one.name === undefined ? {} : { name: one.name }) });
      }
      await imported(await adminContent.addMissingFiles(project.id, added), () => setState({ stage: 'converting' }));
      setChosen({});
      setFonts([]);
      say.done(t('admin.completed'));
      await onDone();
    } catch (error) {
      say.failed(error);
    } finally {
      setState({ stage: 'idle' });
    }
  };
  const busy = state.stage !== 'idle';
  return (
    <Alert
      color="#8f3a00"
      icon={<IconAlertTriangle aria-hidden />}
      title={t('admin.missingTitle')}
      mb="xl"
      data-testid="missing-files"
    >
      <Text size="sm" mb="sm">
        {t('admin.missingLead')}
      </Text>
      {source.missing_fonts.length > 0 && (
        <section className={classes.missing} aria-label={t('admin.missingFonts')}>
          <Text size="sm" fw={700}>
            {t('admin.missingFonts')}
          </Text>
          <ul>
            {source.missing_fonts.map((font) => (
              <li key={font.name} data-testid="missing-font">
                <bdi className="ltr">{[font.family || font.name, font.style].filter(Boolean).join(' ')}</bdi>
              </li>
            ))}
          </ul>
          <FileButton
            multiple
            accept={FONTS}
            onChange={setFonts}
            inputProps={
              { 'data-testid': 'missing-font-input', 'aria-label': t('admin.chooseFonts'), tabIndex: -1 } as object
            }
          >
            {(props) => (
              <Button
                {...props}
                size="compact-sm"
                variant="default"
                disabled={busy}
                leftSection={<IconTypography size={14} aria-hidden />}
              >
                {fonts.length > 0
                  ? t('admin.fontsChosen', { n: formatNumber(fonts.length, locale) })
                  : t('admin.chooseFonts')}
              </Button>
            )}
          </FileButton>
        </section>
      )}
      {source.missing_footage.length > 0 && (
        <section className={classes.missing} aria-label={t('admin.missingFootage')}>
          <Text size="sm" fw={700}>
            {t('admin.missingFootage')}
          </Text>
          <ul>
            {source.missing_footage.map((footage) => (
              <li key={footage.name} className={classes.footage} data-testid="missing-footage">
                <bdi className="ltr">{footage.name}</bdi>
                {TAKEN.test(footage.name) ? (
                  <FileButton
                    accept={`.${footage.name.split('.').pop() ?? ''}`}
                    onChange={(file) => file && setChosen((known) => ({ ...known, [footage.name]: file }))}
                    inputProps={
                      {
                        'data-testid': `missing-footage-input-${footage.name}`,
                        'aria-label': t('admin.chooseFootage', { name: footage.name }),
                        tabIndex: -1,
                      } as object
                    }
                  >
                    {(props) => (
                      <Button
                        {...props}
                        size="compact-sm"
                        variant="default"
                        disabled={busy}
                        aria-label={t('admin.chooseFootage', { name: footage.name })}
                      >
                        {chosen[footage.name] ? t('admin.fileChosen') : t('admin.chooseFile')}
                      </Button>
                    )}
                  </FileButton>
                ) : (
                  <Text size="xs">{t('admin.comesWithFolder')}</Text>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Group mt="md">
        <Button
          size="sm"
          disabled={count === 0 || busy}
          leftSection={<IconUpload size={16} aria-hidden />}
          onClick={() => void complete()}
          data-testid="complete-project"
        >
          {t('admin.convertAgain')}
        </Button>
        <Text size="sm" role="status">
          {state.stage === 'uploading' && t('admin.importing', { percent: formatPercent(state.share * 100, locale) })}
          {state.stage === 'converting' && t('admin.converting')}
        </Text>
      </Group>
    </Alert>
  );
}
