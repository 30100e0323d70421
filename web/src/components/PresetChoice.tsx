import type { ColorSlot, Preset } from '../api/types';
import { slotColors } from '../editor/colors';
import { localized, useI18n } from '../i18n';
import classes from './Choice.module.css';

type PresetChoiceProps = {
  presets: Preset[];
  slots: ColorSlot[];
  value: string | null;
  onChange: (preset: Preset) => void;
  label: string;
  name: string;
};

export function PresetChoice({ presets, slots, value, onChange, label, name }: PresetChoiceProps) {
  const { locale } = useI18n();
  return (
    <fieldset className={classes.set}>
      <legend className={classes.legend}>{label}</legend>
      <div className={classes.grid}>
        {presets.map((preset) => (
          <label key={preset.key} className={classes.preset} data-testid={`preset-${preset.key}`}>
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              value={preset.key}
              checked={preset.key === value}
              onChange={() => onChange(preset)}
            />
            <span className={classes.strip} aria-hidden>
              {slots.map((slot) => (
                <span key={slot.key} style={{ background: slotColors(slots, preset.colors)[slot.key] }} />
              ))}
            </span>
            <span className={classes.presetName}>{localized(preset.name ?? preset.key, locale)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
