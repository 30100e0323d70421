import { Button, Text } from '@mantine/core';
import { IconPalette } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminContent } from '../../api/endpoints';
import type { AdminProject, TraceDetail } from '../../api/types';
import { ErrorState } from '../../components/ErrorState';
import { PresetChoice } from '../../components/PresetChoice';
import { slotColors } from '../../editor/colors';
import { formatNumber } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { queries, queryClient, refreshSvgPreviews } from '../../queries';
import { say } from '../../say';
import classes from './Admin.module.css';
import { SvgPreviewCard } from './SvgPreviewCard';
import { TraceSettings } from './TraceSettings';

/** The template's scenes traced, each with what its colours follow; a preset shows at once how they change. */
export function SvgPreviews({ project }: { project: AdminProject }) {
  const { t, locale } = useI18n();
  const listed = useQuery(queries.adminSvgPreviews(project.id));
  const [preset, setPreset] = useState(
    (project.presets.find((item) => item.is_default) ?? project.presets[0])?.key ?? null,
  );
  const [colors, setColors] = useState(24);
  const [detail, setDetail] = useState<TraceDetail>('medium');
  const [done, setDone] = useState<number | null>(null);
  const palette = slotColors(project.color_slots, project.presets.find((item) => item.key === preset)?.colors ?? {});
  const pictured = project.scenes.filter((scene) => scene.snapshot_url !== null);
  const traceAll = async () => {
    setDone(0);
    try {
      for (const [at, scene] of pictured.entries()) {
        const made = await adminContent.trace(project.id, { scene_id: scene.id, snapshot: true, colors, detail });
        queryClient.setQueryData(queries.adminSvgPreview(made.id).queryKey, made);
        await refreshSvgPreviews(project.id);
        setDone(at + 1);
      }
      say.done(t('admin.traced', { count: pictured.length, n: formatNumber(pictured.length, locale) }));
    } catch (error) {
      say.failed(error);
    } finally {
      setDone(null);
    }
  };
  const previewOf = (sceneId: string | null) => listed.data?.items.find((item) => item.scene_id === sceneId);
  return (
    <section className={classes.section} aria-labelledby="svg-previews-title">
      <div className={classes.bar}>
        <div>
          <Text component="h2" fw={700} size="lg" id="svg-previews-title">
            {t('admin.svgPreviews')}
          </Text>
          <Text size="sm" c="dimmed" role="status" data-testid="svg-previews-state">
            {done === null
              ? t('admin.svgPreviewsLead')
              : t('admin.tracing', { done: formatNumber(done, locale), total: formatNumber(pictured.length, locale) })}
          </Text>
        </div>
        <Button
          leftSection={<IconPalette size={18} aria-hidden />}
          loading={done !== null}
          disabled={pictured.length === 0}
          onClick={() => void traceAll()}
          data-testid="trace-all"
        >
          {t('admin.traceAll')}
        </Button>
      </div>
      {pictured.length === 0 && (
        <Text size="sm" c="dimmed" mb="md">
          {t('admin.noSnapshots')}
        </Text>
      )}
      <div className={classes.traceOptions}>
        {project.presets.length > 0 && (
          <PresetChoice
            presets={project.presets}
            slots={project.color_slots}
            value={preset}
            onChange={(chosen) => setPreset(chosen.key)}
            label={t('admin.showIn')}
            name="svg-preset"
          />
        )}
        <TraceSettings colors={colors} setColors={setColors} detail={detail} setDetail={setDetail} />
      </div>
      {listed.isError && <ErrorState error={listed.error} retry={() => void listed.refetch()} />}
      <ul className={classes.previews}>
        {[...project.scenes, null].map((scene) => (
          <SvgPreviewCard
            key={scene?.id ?? 'whole'}
            project={project}
            scene={scene}
            title={scene ? localized(scene.title, locale) : t('admin.wholeTemplate')}
            listed={previewOf(scene?.id ?? null)}
            palette={palette}
            options={{ colors, detail }}
          />
        ))}
      </ul>
    </section>
  );
}
