import { Button } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { PresetChoice } from '../../components/PresetChoice';
import { TracedPicture } from '../../components/TracedPicture';
import { useTraced } from '../../components/useTraced';
import { matchesPreset, paletteOf, sceneOf, withPreset } from '../../editor/film';
import { localized, useI18n } from '../../i18n';
import { useEditor, useSelectedScene, useWorkbench } from './context';
import { ColorInput } from './fields/ColorInput';
import classes from './Inspector.module.css';

/** The film's scenes in its colours, before anything is drawn anew; nothing where the template has no traced scenes. */
function TracedScenes() {
  const { t, locale } = useI18n();
  const { project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const selected = useSelectedScene();
  const scenes = film.scenes.filter(
    (scene, at) => film.scenes.findIndex((o) => o.scene_key === scene.scene_key) === at,
  );
  const traced = useTraced(
    project.id,
    project.version_id,
    scenes.map((scene) => scene.scene_key),
  );
  const shown = scenes.filter((scene) => traced.has(scene.scene_key));
  if (shown.length === 0) return null;
  return (
    <section data-testid="traced-scenes">
      <h2 className={classes.subtitle}>{t('studio.tracedScenes')}</h2>
      <ul className={classes.traced}>
        {shown.map((scene) => {
          const preview = traced.get(scene.scene_key);
          const title = localized(sceneOf(project, scene.scene_key)?.title, locale);
          const current = scene.scene_key === selected?.scene_key;
          return (
            preview && (
              <li key={scene.scene_key} data-current={current || undefined}>
                <TracedPicture
                  preview={preview}
                  palette={paletteOf(project, film, current ? selected : scene)}
                  alt={t('studio.tracedScene', { title })}
                  testId={`traced-${scene.scene_key}`}
                />
                <span aria-hidden>{title}</span>
              </li>
            )
          );
        })}
      </ul>
    </section>
  );
}

export function ColorPanel() {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const palette = paletteOf(project, film);
  const current = project.presets.find((preset) => matchesPreset(project, film, preset))?.key ?? null;
  return (
    <div className={classes.stack}>
      {project.presets.length > 0 && (
        <PresetChoice
          presets={project.presets}
          slots={project.color_slots}
          value={current}
          onChange={(preset) =>
            editor
              .getState()
              .applyPreset(withPreset(project, film, preset), localized(preset.name ?? preset.key, locale))
          }
          label={t('studio.presets')}
          name="studio-preset"
        />
      )}
      <TracedScenes />
      {project.color_slots.length > 0 && (
        <section>
          <h2 className={classes.subtitle}>{t('studio.ownColors')}</h2>
          <div className={classes.stack}>
            {project.color_slots.map((slot) => {
              const label = localized(slot.label, locale);
              const source = slot.derive && project.color_slots.find((other) => other.key === slot.derive?.from);
              const follows = localized(source?.label, locale);
              return (
                <ColorInput
                  key={slot.key}
                  label={label}
                  value={palette[slot.key] ?? slot.default}
                  onChange={(color) => editor.getState().setColor(slot.key, color, label)}
                  onCommit={() => editor.getState().endStep()}
                  testId={`color-${slot.key}`}
                  aside={
                    slot.derive &&
                    (film.palette[slot.key] === undefined ? (
                      <span className={classes.hint} data-testid={`color-${slot.key}-follows`}>
                        {t('studio.colorFollows', { label: follows })}
                      </span>
                    ) : (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        leftSection={<IconRestore size={13} aria-hidden />}
                        onClick={() => editor.getState().setColor(slot.key, null, label)}
                        data-testid={`color-${slot.key}-follow`}
                      >
                        {t('studio.colorFollow', { label: follows })}
                      </Button>
                    ))
                  }
                />
              );
            })}
          </div>
        </section>
      )}
    </div>
  );
}
