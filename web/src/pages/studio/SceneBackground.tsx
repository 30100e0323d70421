import { NativeSelect } from '@mantine/core';
import type { Field, FieldValue } from '../../api/types';
import {
  BACKGROUND_KEY,
  backgroundOf,
  backgroundValue,
  GRADIENT_WAYS,
  type Background,
  type BackgroundKind,
  type GradientWay,
} from '../../editor/background';
import { paletteOf, type FilmScene } from '../../editor/film';
import { useI18n } from '../../i18n';
import { useEditor, useWorkbench } from './context';
import { ColorInput } from './fields/ColorInput';
import { ImageInput } from './fields/ImageInput';
import classes from './Inspector.module.css';

const KINDS: readonly BackgroundKind[] = ['designed', 'color', 'gradient', 'picture', 'transparent'];
const PICTURE: Field = { key: 'background-picture', type: 'image', label: '', default: '' };

/** What lies behind the scene: the template's own, or a colour, gradient or picture of the person's. */
export function SceneBackground({ scene }: { scene: FilmScene }) {
  const { t } = useI18n();
  const { editor, project } = useWorkbench();
  const film = useEditor((state) => state.film);
  const palette = paletteOf(project, film, scene);
  const swatches = [...new Set(Object.values(palette))];
  const background = backgroundOf(scene.values);
  const { kind } = background;
  const change = (edit: Partial<Background>) => {
    const value: FieldValue = backgroundValue({ ...background, ...edit });
    editor.getState().setValue(scene.uid, BACKGROUND_KEY, value, t('background.title'));
  };
  const choose = (wanted: BackgroundKind) => {
    // the colours so far stay; a gradient needs two
    const [first = swatches[0] ?? '#000000', second] = background.colors;
    const other = second ?? swatches.find((color) => color !== (palette[first] ?? first)) ?? '#ffffff';
    change({ kind: wanted, colors: wanted === 'gradient' ? [first, other] : [first] });
    editor.getState().endStep();
  };
  const color = (at: number, label: string) => {
    const own = background.colors[at] ?? '#000000';
    return (
      <ColorInput
        label={label}
        value={palette[own] ?? own}
        swatches={swatches}
        onChange={(next) => change({ colors: background.colors.map((old, index) => (index === at ? next : old)) })}
        onCommit={() => editor.getState().endStep()}
        testId={`background-color-${at}`}
      />
    );
  };
  return (
    <details className={classes.fold} open={kind !== 'designed' || undefined}>
      <summary data-testid="background">{t('background.title')}</summary>
      <div>
        <NativeSelect
          label={t('background.kind')}
          value={kind}
          onChange={(event) => choose(event.currentTarget.value as BackgroundKind)}
          data={KINDS.map((value) => ({ value, label: t(`background.kind.${value}`) }))}
          attributes={{ input: { 'data-testid': 'background-kind' } }}
        />
        {kind === 'color' && color(0, t('background.color'))}
        {kind === 'gradient' && (
          <>
            {color(0, t('background.from'))}
            {color(background.colors.length - 1, t('background.to'))}
            <NativeSelect
              label={t('background.way')}
              value={background.way}
              onChange={(event) => {
                change({ way: event.currentTarget.value as GradientWay });
                editor.getState().endStep();
              }}
              data={GRADIENT_WAYS.map((value) => ({ value, label: t(`background.way.${value}`) }))}
              attributes={{ input: { 'data-testid': 'background-way' } }}
            />
          </>
        )}
        {kind === 'picture' && (
          <ImageInput
            field={PICTURE}
            value={background.image}
            label={t('background.picture')}
            onChange={(image) => change({ image: image ?? '' })}
          />
        )}
        {kind === 'transparent' && <p className={classes.hint}>{t('background.transparentHint')}</p>}
      </div>
    </details>
  );
}
