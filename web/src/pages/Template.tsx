import { Badge, Button, Text, Title } from '@mantine/core';
import { IconChevronRight, IconClock, IconMusic, IconStack2, IconWand } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { newKey } from '../api/client';
import { studio } from '../api/endpoints';
import type { Colors, Project, Scene, SvgPreview } from '../api/types';
import { sceneArt } from '../components/art';
import { aspectName } from '../components/AspectGlyph';
import { ErrorState } from '../components/ErrorState';
import { SkeletonRows, useSlow } from '../components/ListState';
import { Picture } from '../components/Picture';
import { PresetChoice } from '../components/PresetChoice';
import { SizeChoice } from '../components/SizeChoice';
import { TracedPicture } from '../components/TracedPicture';
import { useTraced } from '../components/useTraced';
import { slotColors } from '../editor/colors';
import { isDrawnWith } from '../editor/recoloring';
import { formatNumber, localDigits } from '../format/digits';
import { formatClock } from '../format/time';
import { localized, useI18n } from '../i18n';
import { queries } from '../queries';
import { say } from '../say';
import classes from './Template.module.css';

const route = getRouteApi('/signed-in/shell/templates/$projectId');

/** A traced scene stands for its picture while other colours are chosen than it was drawn in. */
type Recolored = { preview: SvgPreview; palette: Colors } | null;

function recoloredWith(preview: SvgPreview | undefined, palette: Colors): Recolored {
  return preview && !isDrawnWith(preview.palette, palette) ? { preview, palette } : null;
}

type SceneCardProps = {
  scene: Scene;
  project: Project;
  index: number;
  chosen: boolean;
  choose: () => void;
  recolored: Recolored;
};

function SceneCard({ scene, project, index, chosen, choose, recolored }: SceneCardProps) {
  const { t, locale } = useI18n();
  const title = localized(scene.title, locale);
  return (
    <li>
      <button type="button" className={classes.scene} aria-pressed={chosen} onClick={choose}>
        {recolored ? (
          <TracedPicture {...recolored} alt="" testId={`traced-${scene.key}`} />
        ) : (
          <Picture src={scene.snapshot_url ?? scene.image} alt="" art={sceneArt(project, title)} />
        )}
        <span className={classes.sceneText}>
          <span className={classes.sceneTitle}>
            {formatNumber(index + 1, locale)}. {title}
          </span>
          <span className={classes.sceneMeta}>
            {t('common.seconds', {
              n: formatNumber(scene.duration_frames / project.fps, locale, { maximumFractionDigits: 1 }),
            })}
            {scene.fields.length > 0 &&
              ` · ${t('template.fields', { count: scene.fields.length, n: formatNumber(scene.fields.length, locale) })}`}
          </span>
        </span>
      </button>
    </li>
  );
}

function TemplateView({ project }: { project: Project }) {
  const { t, locale } = useI18n();
  const navigate = useNavigate();
  const scenes = project.scenes.filter((scene) => scene.is_active !== false);
  const [size, setSize] = useState(project.sizes[0]?.key ?? '');
  const [preset, setPreset] = useState(
    (project.presets.find((item) => item.is_default) ?? project.presets[0])?.key ?? null,
  );
  const [shown, setShown] = useState(scenes[0]?.key ?? '');
  // one key a visit: pressing twice makes one project
  const [key] = useState(newKey);
  const create = useMutation({
    mutationFn: () =>
      studio.create({ project_id: project.id, size, preset: preset ?? undefined, locale, title: undefined }, key),
    onSuccess: (document) => navigate({ to: '/studio/$documentId', params: { documentId: document.id } }),
    onError: say.failed,
  });
  const title = localized(project.title, locale);
  const scene = scenes.find((item) => item.key === shown);
  const traced = useTraced(
    project.id,
    project.version_id,
    scenes.map((item) => item.key),
  );
  const palette = slotColors(project.color_slots, project.presets.find((item) => item.key === preset)?.colors ?? {});
  const recolored = recoloredWith(traced.get(shown), palette);
  const alt = t('template.preview', { title: scene ? localized(scene.title, locale) : title });
  return (
    <>
      <nav aria-label={t('template.breadcrumb')} className={classes.crumbs}>
        <Link to="/">{t('gallery.title')}</Link>
        <IconChevronRight size={14} className="mirror" aria-hidden />
        <span aria-current="page">{title}</span>
      </nav>
      <div className={classes.layout}>
        <div className={classes.stage}>
          {recolored ? (
            <div className={classes.recolored}>
              <TracedPicture {...recolored} alt={alt} className={classes.big} testId="traced-shown" />
              <Text size="sm" c="dimmed" mt={6}>
                {t('template.tracedNote')}
              </Text>
            </div>
          ) : (
            <Picture
              eager
              src={scene?.snapshot_url ?? scene?.image ?? project.cover_url}
              alt={alt}
              className={classes.big}
              art={sceneArt(
                project,
                scene ? localized(scene.title, locale) : title,
                project.presets.find((item) => item.key === preset)?.colors,
              )}
              fit="contain"
            />
          )}
          <section aria-labelledby="scenes-title">
            <Title order={2} size="h4" id="scenes-title" mb="sm">
              {t('template.scenes')}
            </Title>
            <ul className={classes.scenes}>
              {scenes.map((item, index) => (
                <SceneCard
                  key={item.key}
                  scene={item}
                  project={project}
                  index={index}
                  chosen={item.key === shown}
                  choose={() => setShown(item.key)}
                  recolored={recoloredWith(traced.get(item.key), palette)}
                />
              ))}
            </ul>
          </section>
        </div>
        <aside className={classes.side} aria-label={title}>
          <div>
            <Title order={1} size="1.6rem">
              {title}
            </Title>
            <Text c="dimmed" mt={6}>
              {localized(project.description, locale)}
            </Text>
            <div className={classes.facts}>
              <Badge variant="default" size="lg" leftSection={<IconClock size={14} aria-hidden />}>
                <span className="ltr">{formatClock((project.duration_frames ?? 0) / project.fps, locale)}</span>
              </Badge>
              <Badge variant="default" size="lg" leftSection={<IconStack2 size={14} aria-hidden />}>
                {t('common.scenes', { count: scenes.length, n: formatNumber(scenes.length, locale) })}
              </Badge>
              {project.music.length > 0 && (
                <Badge variant="default" size="lg" leftSection={<IconMusic size={14} aria-hidden />}>
                  {t('template.music')}
                </Badge>
              )}
            </div>
          </div>
          <SizeChoice sizes={project.sizes} value={size} onChange={setSize} label={t('template.size')} name="size" />
          {project.presets.length > 0 && (
            <PresetChoice
              presets={project.presets}
              slots={project.color_slots}
              value={preset}
              onChange={(chosen) => setPreset(chosen.key)}
              label={t('template.colors')}
              name="preset"
            />
          )}
          <Button
            size="lg"
            fullWidth
            leftSection={<IconWand size={20} aria-hidden />}
            loading={create.isPending || create.isSuccess}
            onClick={() => create.mutate()}
            data-testid="use-template"
          >
            {t('template.use')}
          </Button>
          <span className="visually-hidden" role="status">
            {create.isPending ? t('template.creating') : ''}
          </span>
          <span className="visually-hidden">
            {t('gallery.sizes', {
              sizes: project.sizes.map((item) => localDigits(aspectName(item), locale)).join('، '),
            })}
          </span>
        </aside>
      </div>
    </>
  );
}

export function Template() {
  const { projectId } = route.useParams();
  const query = useQuery(queries.project(projectId));
  const slow = useSlow(query.isPending);
  if (query.data) return <TemplateView key={query.data.id} project={query.data} />;
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return slow ? <SkeletonRows rows={3} height={140} /> : null;
}
