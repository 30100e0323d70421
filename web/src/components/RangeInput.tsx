import type { CSSProperties } from 'react';

type RangeInputProps = {
  value: number;
  min: number;
  max: number;
  step: number;
  label: string;
  valueText?: string;
  onChange: (value: number) => void;
  onCommit?: () => void;
  ltr?: boolean;
  disabled?: boolean;
  testId?: string;
};

/** The browser's own slider in our looks; `ltr` for time, which runs left to right in Persian too. */
export function RangeInput(props: RangeInputProps) {
  const { value, min, max, step, label, valueText, onChange, onCommit, ltr, disabled, testId } = props;
  const share = max > min ? ((value - min) / (max - min)) * 100 : 0;
  return (
    <input
      type="range"
      className={ltr ? 'range ltr' : 'range'}
      dir={ltr ? 'ltr' : undefined}
      style={{ '--done': `${share}%` } as CSSProperties}
      min={min}
      max={max}
      step={step}
      value={value}
      disabled={disabled}
      aria-label={label}
      aria-valuetext={valueText}
      data-testid={testId}
      onChange={(event) => onChange(Number(event.target.value))}
      onPointerUp={onCommit}
      onKeyUp={onCommit}
      onBlur={onCommit}
    />
  );
}
