import { Button } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { PresetChoice } from '../../components/PresetChoice';
import { matchesPreset, paletteOf, withPreset } from '../../editor/film';
import { localized, useI18n } from '../../i18n';
import { useEditor, useWorkbench } from './context';
import { ColorInput } from './fields/ColorInput';
import classes from './Inspector.module.css';

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
