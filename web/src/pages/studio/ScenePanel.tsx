import { Button } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { useStore } from 'zustand';
import type { Scene, SceneWarning } from '../../api/types';
import { isAskedFor, paletteOf, sceneOf, valueOf, type FilmScene } from '../../editor/film';
import { formatNumber } from '../../format/digits';
import { localized, useI18n } from '../../i18n';
import { useEditor, useSelectedScene, useWorkbench } from './context';
import { ColorInput } from './fields/ColorInput';
import { FieldInput, WarningText } from './fields/FieldInput';
import classes from './Inspector.module.css';
import { SceneBackground } from './SceneBackground';

/** The warnings of the scene as it was resolved last, when that is the one being edited. */
export function useWarnings(uid: string | undefined): SceneWarning[] {
  const { preview } = useWorkbench();
  const warnings = useStore(preview, (state) => (state.uid === uid ? state.scene?.warnings : undefined));
  return warnings ?? [];
}

function SceneColors({ scene, definition }: { scene: FilmScene; definition: Scene }) {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const palette = paletteOf(project, film, scene);
  const slots = project.color_slots.filter((slot) => definition.color_slots.includes(slot.key));
  if (slots.length === 0) return null;
  return (
    <details className={classes.fold}>
      <summary>{t('studio.sceneColors')}</summary>
      <div>
        <p className={classes.hint}>{t('studio.sceneColorsHint')}</p>
        {slots.map((slot) => {
          const label = localized(slot.label, locale);
          const own = scene.colors[slot.key];
          return (
            <ColorInput
              key={slot.key}
              label={label}
              value={palette[slot.key] ?? slot.default}
              onChange={(color) => editor.getState().setSceneColor(scene.uid, slot.key, color, label)}
              onCommit={() => editor.getState().endStep()}
              testId={`scene-color-${slot.key}`}
              aside={
                own !== undefined && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    leftSection={<IconRestore size={13} aria-hidden />}
                    onClick={() => editor.getState().setSceneColor(scene.uid, slot.key, null, label)}
                  >
                    {t('studio.useFilmColor')}
                  </Button>
                )
              }
            />
          );
        })}
      </div>
    </details>
  );
}

export function ScenePanel() {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const scene = useSelectedScene();
  const index = useEditor((state) => state.film.scenes.findIndex((item) => item.uid === state.selected));
  const filmLocale = useEditor((state) => state.film.locale);
  const film = useEditor((state) => state.film);
  const warnings = useWarnings(scene?.uid);
  const definition = scene && sceneOf(project, scene.scene_key);
  if (!scene || !definition) return null;
  const palette = [...new Set(Object.values(paletteOf(project, film, scene)))];
  const values = { ...film.global_values, ...scene.values };
  const every = [...project.fields, ...definition.fields];
  const asked = definition.fields.filter((field) => isAskedFor(field, every, values, filmLocale));
  const others = warnings.filter(
    (warning) => warning.field === null || !definition.fields.some((field) => field.key === warning.field),
  );
  return (
    <div className={classes.stack} key={scene.uid} data-testid="scene-panel">
      <h2 className={classes.title}>
        {formatNumber(index + 1, locale)}. {localized(definition.title, locale)}
      </h2>
      {definition.fields.length === 0 && <p className={classes.hint}>{t('studio.noFields')}</p>}
      {asked.map((field) => {
        const label = localized(field.label, locale);
        return (
          <FieldInput
            key={field.key}
            field={field}
            project={project}
            palette={palette}
            value={valueOf(field, scene.values, filmLocale)}
            warnings={warnings.filter((warning) => warning.field === field.key)}
            onChange={(value) => editor.getState().setValue(scene.uid, field.key, value, label)}
            onCommit={() => editor.getState().endStep()}
          />
        );
      })}
      {others.length > 0 && (
        <section aria-label={t('warning.sceneTitle')}>
          {others.map((warning) => (
            <WarningText key={`${warning.code} ${warning.layer ?? ''} ${warning.field ?? ''}`} warning={warning} />
          ))}
        </section>
      )}
      <SceneBackground scene={scene} />
      <SceneColors scene={scene} definition={definition} />
    </div>
  );
}
