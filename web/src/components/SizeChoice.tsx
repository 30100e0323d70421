import type { Size } from '../api/types';
import { localDigits } from '../format/digits';
import { useI18n } from '../i18n';
import { AspectGlyph, aspectName } from './AspectGlyph';
import classes from './Choice.module.css';

type SizeChoiceProps = { sizes: Size[]; value: string; onChange: (key: string) => void; label: string; name: string };

export function SizeChoice({ sizes, value, onChange, label, name }: SizeChoiceProps) {
  const { locale } = useI18n();
  return (
    <fieldset className={classes.set}>
      <legend className={classes.legend}>{label}</legend>
      <div className={classes.row}>
        {sizes.map((size) => (
          <label key={size.key} className={classes.card} data-testid={`size-${size.key}`}>
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              value={size.key}
              checked={size.key === value}
              onChange={() => onChange(size.key)}
            />
            <AspectGlyph size={size} box={30} />
            <span className={classes.cardText}>
              <strong className="ltr">{localDigits(aspectName(size), locale)}</strong>
              <span className="ltr">{localDigits(`${size.width}×${size.height}`, locale)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
