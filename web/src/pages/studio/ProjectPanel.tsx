import { NativeSelect } from '@mantine/core';
import { SizeChoice } from '../../components/SizeChoice';
import { isAskedFor, paletteOf, valueOf } from '../../editor/film';
import { localized, useI18n } from '../../i18n';
import { useEditor, useWorkbench } from './context';
import { FieldInput } from './fields/FieldInput';
import classes from './Inspector.module.css';
import { useWarnings } from './ScenePanel';

export function ProjectPanel() {
  const { t, locale } = useI18n();
  const { editor, project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const selected = useEditor((state) => state.selected);
  const warnings = useWarnings(selected);
  const palette = [...new Set(Object.values(paletteOf(project, film)))];
  const asked = project.fields.filter((field) => isAskedFor(field, project.fields, film.global_values, film.locale));
  return (
    <div className={classes.stack}>
      <SizeChoice
        sizes={project.sizes}
        value={film.size}
        onChange={(key) => editor.getState().setSize(key)}
        label={t('studio.size')}
        name="studio-size"
      />
      <NativeSelect
        label={t('studio.locale')}
        value={film.locale}
        onChange={(event) => editor.getState().setLocale(event.currentTarget.value)}
        data={[
          { value: 'fa', label: 'فارسی' },
          { value: 'en', label: 'English' },
        ]}
        attributes={{ input: { 'data-testid': 'film-locale' } }}
      />
      {asked.length > 0 && (
        <section className={classes.stack}>
          <h2 className={classes.subtitle} style={{ margin: 0 }}>
            {t('studio.globalFields')}
          </h2>
          {asked.map((field) => {
            const label = localized(field.label, locale);
            return (
              <FieldInput
                key={field.key}
                field={field}
                project={project}
                palette={palette}
                value={valueOf(field, film.global_values, film.locale)}
                warnings={warnings.filter((warning) => warning.field === field.key)}
                onChange={(value) => editor.getState().setGlobalValue(field.key, value, label)}
                onCommit={() => editor.getState().endStep()}
              />
            );
          })}
        </section>
      )}
    </div>
  );
}
