import { Text } from '@mantine/core';
import type { AdminProject, AdminScene, Field, Finding, Verdict } from '../../api/types';
import { Picture } from '../../components/Picture';
import { formatNumber } from '../../format/digits';
import { localized, textFor, useI18n } from '../../i18n';
import { findingSentence } from '../../i18n/findings';
import { EngineBadge } from './EngineBadge';
import classes from './Report.module.css';

const VERDICTS: readonly Verdict[] = ['not_drawn', 'approximate', 'exact'];

function defaultText(field: Field, locale: string): string {
  const value = field.default;
  if (value === null || field.type === 'image') return '—';
  return typeof value === 'object' ? localized(value, locale) : String(value);
}

function Findings({ verdict, findings }: { verdict: Verdict; findings: Finding[] }) {
  const { t, locale } = useI18n();
  if (findings.length === 0) return null;
  return (
    <details className={classes.findings} open={verdict === 'not_drawn'} data-testid={`findings-${verdict}`}>
      <summary>
        <span className={classes.mark} data-verdict={verdict} aria-hidden />
        {t(`admin.verdict.${verdict}`)} <span className={classes.count}>{formatNumber(findings.length, locale)}</span>
      </summary>
      <ul>
        {findings.map((finding) => (
          <li key={`${finding.feature} ${finding.place}`}>
            <bdi className={classes.place}>{finding.place}</bdi>
            <span dir="auto">{findingSentence(finding, locale)}</span>
            <code className="ltr">{finding.feature}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Fields({ fields, title }: { fields: Field[]; title: string }) {
  const { t, locale } = useI18n();
  if (fields.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('admin.noFields')}
      </Text>
    );
  return (
    <div className={classes.fields} role="region" aria-label={t('admin.fieldsOf', { title })} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('admin.field')}</th>
            <th scope="col">{t('admin.fieldKey')}</th>
            <th scope="col">{t('admin.fieldType')}</th>
            <th scope="col">{t('admin.fieldDefault')}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.key} data-testid="suggested-field" data-field-key={field.key}>
              <td>
                <bdi>{localized(field.label, locale)}</bdi>
              </td>
              <td>
                <code className="ltr">{field.key}</code>
              </td>
              <td>{textFor(`admin.type.${field.type}`) ?? field.type}</td>
              <td className={classes.default}>
                <bdi>{defaultText(field, locale)}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SceneReport({ scene, ratio }: { scene: AdminScene; ratio: number }) {
  const { t, locale } = useI18n();
  const title = localized(scene.title, locale);
  const picture = scene.snapshot_url ?? scene.image;
  return (
    <article className={classes.scene} data-testid="scene-report" data-scene-key={scene.key} data-engine={scene.engine}>
      <div className={classes.head}>
        <span className={classes.thumb}>
          <Picture
            src={picture}
            ratio={ratio}
            fit="contain"
            alt={picture ? t('admin.thumbnailAlt', { title }) : t('admin.noThumbnail', { title })}
          />
        </span>
        <div>
          <Text component="h3" fw={700}>
            <bdi>{title}</bdi>
          </Text>
          <Text size="sm" c="dimmed">
            {t('admin.composition')}: <bdi>{scene.composition}</bdi>
          </Text>
          <EngineBadge engine={scene.engine} sceneKey={`report-${scene.key}`} />
          <Text size="sm" mt={6}>
            {scene.engine === 'aerender'
              ? t('admin.needsAfterEffectsHint')
              : scene.findings.some((finding) => finding.verdict !== 'exact')
                ? t('admin.drawnNearlyHint')
                : t('admin.drawnHereHint')}
          </Text>
        </div>
      </div>
      {VERDICTS.map((verdict) => (
        <Findings
          key={verdict}
          verdict={verdict}
          findings={scene.findings.filter((finding) => finding.verdict === verdict)}
        />
      ))}
      <Text component="h4" size="sm" fw={700}>
        {t('admin.suggestedFields')}
      </Text>
      <Fields fields={scene.fields} title={title} />
    </article>
  );
}

/** What became of an After Effects project: a card a scene with its verdict, what differs and where, and the fields that it offers. */
export function ProjectReport({ project }: { project: AdminProject }) {
  const { t, locale } = useI18n();
  const size = project.sizes[0];
  const needing = project.scenes.filter((scene) => scene.engine === 'aerender').length;
  return (
    <section className={classes.report} data-testid="project-report">
      <Text component="h2" fw={700} size="lg">
        {t('admin.report')}
      </Text>
      <Text size="sm" c="dimmed" mb="md">
        {needing === 0
          ? t('admin.reportAllDrawn')
          : t('admin.reportSomeNeed', {
              n: formatNumber(needing, locale),
              total: formatNumber(project.scenes.length, locale),
            })}
      </Text>
      {project.color_slots.length > 0 && (
        <ul className={classes.slots} aria-label={t('admin.colorSlots')}>
          {project.color_slots.map((slot) => (
            <li key={slot.key} data-testid="suggested-color">
              <span style={{ background: slot.default }} aria-hidden />
              <bdi>{localized(slot.label, locale)}</bdi> <code className="ltr">{slot.default}</code>
            </li>
          ))}
        </ul>
      )}
      <div className={classes.scenes}>
        {project.scenes.map((scene) => (
          <SceneReport key={scene.id} scene={scene} ratio={size ? size.width / size.height : 16 / 9} />
        ))}
      </div>
    </section>
  );
}
