import { NativeSelect, Popover, UnstyledButton } from '@mantine/core';
import { IconArrowsExchange, IconLineDashed } from '@tabler/icons-react';
import { TRANSITIONS, type SceneTransition, type TransitionKind } from '../../api/types';
import { RangeInput } from '../../components/RangeInput';
import type { FilmScene } from '../../editor/film';
import { formatNumber } from '../../format/digits';
import { useI18n } from '../../i18n';
import { useWorkbench } from './context';
import { ColorInput } from './fields/ColorInput';
import classes from './TransitionButton.module.css';

const DIRECTIONS = ['left', 'right', 'up', 'down'] as const;
const MOVING: readonly TransitionKind[] = ['push', 'slide', 'wipe'];

/** How this scene gives way to the next: a button in the gap, and what it opens. */
export function TransitionButton({ scene, index }: { scene: FilmScene; index: number }) {
  const { t, locale } = useI18n();
  const { editor } = useWorkbench();
  const own = scene.transition;
  const kind = own?.kind ?? 'cut';
  const seconds = (own?.duration_ms ?? 500) / 1000;
  const length = t('common.seconds', { n: formatNumber(seconds, locale, { maximumFractionDigits: 1 }) });
  const change = (edit: Partial<SceneTransition>) => {
    // the film is read in the direction of its words
    const start: SceneTransition['direction'] = editor.getState().film.locale === 'fa' ? 'right' : 'left';
    const next: SceneTransition = { kind, duration_ms: 500, direction: start, color: '#000000', ...own, ...edit };
    editor.getState().setTransition(scene.uid, next.kind === 'cut' ? null : next, t(`transition.${next.kind}`));
  };
  const label = t('transition.button', {
    n: formatNumber(index + 1, locale),
    next: formatNumber(index + 2, locale),
    kind: t(`transition.${kind}`),
  });
  return (
    <Popover position="bottom" width={260} trapFocus withinPortal onClose={() => editor.getState().endStep()}>
      <Popover.Target>
        <UnstyledButton
          className={classes.gap}
          data-cut={kind === 'cut' || undefined}
          aria-label={label}
          data-testid="transition"
        >
          {kind === 'cut' ? <IconLineDashed size={14} aria-hidden /> : <IconArrowsExchange size={14} aria-hidden />}
          <span aria-hidden>{kind === 'cut' ? t('transition.cut') : `${t(`transition.${kind}`)} · ${length}`}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes.form} aria-label={label}>
        <NativeSelect
          label={t('transition.kind')}
          value={kind}
          onChange={(event) => change({ kind: event.currentTarget.value as TransitionKind })}
          data={TRANSITIONS.map((value) => ({ value, label: t(`transition.${value}`) }))}
          attributes={{ input: { 'data-testid': 'transition-kind' } }}
        />
        {own && (
          <div>
            <span className={classes.label} aria-hidden>
              {t('transition.length')} · {length}
            </span>
            <RangeInput
              value={seconds}
              min={0.1}
              max={2}
              step={0.1}
              label={t('transition.length')}
              valueText={length}
              onChange={(value) => change({ duration_ms: Math.round(value * 1000) })}
              testId="transition-seconds"
            />
          </div>
        )}
        {own && MOVING.includes(kind) && (
          <NativeSelect
            label={t('transition.direction')}
            value={own.direction}
            onChange={(event) => change({ direction: event.currentTarget.value as SceneTransition['direction'] })}
            data={DIRECTIONS.map((value) => ({ value, label: t(`transition.direction.${value}`) }))}
            attributes={{ input: { 'data-testid': 'transition-direction' } }}
          />
        )}
        {own && kind === 'fade' && (
          <ColorInput
            label={t('transition.color')}
            value={own.color}
            onChange={(color) => change({ color })}
            onCommit={() => editor.getState().endStep()}
            testId="transition-color"
          />
        )}
        {own && <p className={classes.hint}>{t('transition.hint')}</p>}
      </Popover.Dropdown>
    </Popover>
  );
}
