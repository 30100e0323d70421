import { Group, Text } from '@mantine/core';
import type { RenderJob } from '../api/types';
import { isolated, localDigits } from '../format/digits';
import { formatBytes } from '../format/time';
import { textFor, useI18n } from '../i18n';
import { ExportActions } from './ExportActions';
import { ExportState } from './ExportState';
import { profileName } from './profileText';
import classes from './JobOutputs.module.css';

/** The files that a film is made as, where there is more to say than the player does. */
export function JobOutputs({ job }: { job: RenderJob }) {
  const { t, locale } = useI18n();
  const outputs = job.outputs ?? [];
  if (outputs.length < 2 && outputs.every((output) => output.status === 'ready')) return null;
  return (
    <section className={classes.box} aria-labelledby="outputs-title">
      <h2 id="outputs-title" className={classes.title}>
        {t('exports.files')}
      </h2>
      <ul className={classes.list}>
        {outputs.map((output) => (
          <li
            key={output.id}
            className={classes.row}
            data-testid={`output-${output.profile}`}
            data-status={output.status}
          >
            <div>
              <Group gap="xs">
                <Text fw={650} component="strong">
                  {profileName(output.profile, undefined, locale)}
                </Text>
                <ExportState file={output} />
              </Group>
              <Text size="sm" c="dimmed">
                {[
                  output.width && output.height ? localDigits(`${output.width}×${output.height}`, locale) : null,
                  output.bytes ? formatBytes(output.bytes, locale) : null,
                  output.error_code ? (textFor(`error.code.${output.error_code}`) ?? t('exports.couldNot')) : null,
                ]
                  .filter((fact) => fact !== null)
                  .map(isolated)
                  .join(' · ')}
              </Text>
            </div>
            <Group gap="xs" wrap="nowrap">
              <ExportActions file={output} jobId={job.id} title={job.title} quiet />
            </Group>
          </li>
        ))}
      </ul>
    </section>
  );
}
