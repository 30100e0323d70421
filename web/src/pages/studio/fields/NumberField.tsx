import { TextInput } from '@mantine/core';
import { useState, type KeyboardEvent } from 'react';
import type { FieldConstraints } from '../../../api/types';
import { RangeInput } from '../../../components/RangeInput';
import { formatNumber, localDigits, parseNumber } from '../../../format/digits';
import { useI18n } from '../../../i18n';
import classes from './FieldInput.module.css';

type NumberFieldProps = {
  label: string;
  value: number;
  limits: FieldConstraints;
  slider?: boolean;
  onChange: (value: number) => void;
  onCommit: () => void;
  testId: string;
};

/** A number in the language's digits; accepts all three digit sets and hands over a plain number within its limits. */
export function NumberField({ label, value, limits, slider, onChange, onCommit, testId }: NumberFieldProps) {
  const { t, locale } = useI18n();
  const [typed, setTyped] = useState<string | null>(null);
  const step = limits.step ?? (limits.decimals ? 10 ** -limits.decimals : 1);
  const min = limits.min ?? -Infinity;
  const max = limits.max ?? Infinity;
  const parsed = typed === null ? value : parseNumber(typed);
  const within = parsed !== null && parsed >= min && parsed <= max;
  const clamp = (wanted: number) => Math.min(max, Math.max(min, Number(wanted.toFixed(6))));
  const shown = typed ?? localDigits(String(value), locale).replace('.', locale === 'fa' ? '٫' : '.');
  const rangeHint =
    Number.isFinite(min) && Number.isFinite(max)
      ? t('field.range', { min: formatNumber(min, locale), max: formatNumber(max, locale) })
      : undefined;
  const error = parsed === null ? t('field.badNumber') : within ? null : (rangeHint ?? t('field.badNumber'));
  const type = (text: string) => {
    setTyped(text);
    const number = parseNumber(text);
    if (number !== null && number >= min && number <= max) onChange(number);
  };
  const leave = () => {
    if (parsed !== null && !within) onChange(clamp(parsed));
    setTyped(null);
    onCommit();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.code !== 'ArrowUp' && event.code !== 'ArrowDown') return;
    if (event.altKey) return;
    event.preventDefault();
    setTyped(null);
    onChange(clamp(value + (event.code === 'ArrowUp' ? step : -step)));
  };
  const input = (
    <TextInput
      label={slider ? undefined : label}
      aria-label={slider ? label : undefined}
      value={shown}
      error={error}
      inputMode="decimal"
      rightSection={limits.suffix ? <span className={classes.label}>{limits.suffix}</span> : undefined}
      onChange={(event) => type(event.currentTarget.value)}
      onBlur={leave}
      onKeyDown={onKeyDown}
      attributes={{ wrapper: { dir: 'ltr' }, input: { dir: 'ltr', 'data-testid': testId } }}
    />
  );
  if (!slider) return input;
  return (
    <div>
      <span className={classes.label}>{label}</span>
      <div className={classes.number}>
        <RangeInput
          value={value}
          min={Number.isFinite(min) ? min : 0}
          max={Number.isFinite(max) ? max : 100}
          step={step}
          label={label}
          valueText={formatNumber(value, locale)}
          onChange={(next) => {
            setTyped(null);
            onChange(next);
          }}
          onCommit={onCommit}
          testId={`${testId}-slider`}
        />
        {input}
      </div>
    </div>
  );
}
