import { TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { toAsciiDigits } from '../../../format/digits';
import { useI18n } from '../../../i18n';
import classes from './FieldInput.module.css';

const HEX = /^#[0-9a-f]{6}$/i;

/** `#rrggbb` of what was typed: with or without `#`, three or six places, any digits; null when it is no colour. */
export function readHex(text: string): string | null {
  const bare = toAsciiDigits(text).trim().replace(/^#/, '').toLowerCase();
  if (/^[0-9a-f]{6}$/.test(bare)) return `#${bare}`;
  if (/^[0-9a-f]{3}$/.test(bare)) return `#${bare.replace(/./g, '$&$&')}`;
  return null;
}

type ColorInputProps = {
  label: string;
  value: string;
  swatches?: string[];
  onChange: (value: string) => void;
  onCommit: () => void;
  testId: string;
  aside?: ReactNode;
};

export function ColorInput({ label, value, swatches = [], onChange, onCommit, testId, aside }: ColorInputProps) {
  const { t } = useI18n();
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? value;
  const bad = typed !== null && readHex(typed) === null;
  return (
    <div role="group" aria-label={label}>
      <span className={classes.label} aria-hidden>
        {label}
      </span>
      <div className={classes.colorRow}>
        <input
          type="color"
          className={classes.swatch}
          aria-label={t('field.pickColor', { label })}
          value={HEX.test(value) ? value.toLowerCase() : '#000000'}
          onChange={(event) => {
            setTyped(null);
            onChange(event.target.value);
          }}
          onBlur={onCommit}
        />
        <TextInput
          className={classes.hex}
          aria-label={t('field.hex', { label })}
          value={shown}
          spellCheck={false}
          maxLength={9}
          error={bad ? t('field.badHex') : null}
          onChange={(event) => {
            const text = event.currentTarget.value;
            setTyped(text);
            const hex = readHex(text);
            // three places may be the start of six: they count when the field is left
            if (hex !== null && text.replace('#', '').length === 6) onChange(hex);
          }}
          onBlur={() => {
            const hex = typed === null ? null : readHex(typed);
            if (hex !== null) onChange(hex);
            setTyped(null);
            onCommit();
          }}
          attributes={{ input: { dir: 'ltr', 'data-testid': testId } }}
        />
        {swatches.length > 0 && (
          <div className={classes.dots}>
            {swatches.map((color) => (
              <button
                key={color}
                type="button"
                className={classes.dot}
                style={{ background: color }}
                aria-label={t('field.swatch', { label, color })}
                aria-pressed={color.toLowerCase() === value.toLowerCase()}
                onClick={() => {
                  setTyped(null);
                  onChange(color);
                  onCommit();
                }}
              />
            ))}
          </div>
        )}
        {aside}
      </div>
    </div>
  );
}
