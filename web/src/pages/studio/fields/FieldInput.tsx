import { Checkbox, NativeSelect, Text, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Field, FieldValue, Project, SceneWarning } from '../../../api/types';
import { formatNumber } from '../../../format/digits';
import { localized, useI18n } from '../../../i18n';
import { ColorInput } from './ColorInput';
import classes from './FieldInput.module.css';
import { ImageInput } from './ImageInput';
import { NumberField } from './NumberField';

export type FieldInputProps = {
  field: Field;
  value: FieldValue;
  project: Project;
  palette: string[];
  warnings: SceneWarning[];
  onChange: (value: FieldValue) => void;
  onCommit: () => void;
};

const KNOWN_WARNINGS = ['text_overflow', 'text_shrunk', 'missing_glyph', 'unknown_layer', 'picture_upscaled'] as const;

export function WarningText({ warning }: { warning: SceneWarning }) {
  const { t } = useI18n();
  const code = KNOWN_WARNINGS.find((known) => known === warning.code);
  return (
    <Text size="xs" className={classes.warning} data-testid="field-warning" data-code={warning.code}>
      <IconAlertTriangle size={14} aria-hidden />
      <span>{code ? t(`warning.${code}`) : warning.detail}</span>
    </Text>
  );
}

/** The font families of the template and the engine's own. */
function familiesOf(project: Project): string[] {
  return [...new Set([...project.fonts, 'Vazirmatn'])];
}

function FieldControl({ field, value, project, palette, onChange, onCommit }: Omit<FieldInputProps, 'warnings'>) {
  const { t, locale } = useI18n();
  const label = localized(field.label, locale);
  const testId = `field-${field.key}`;
  const limits = field.constraints ?? {};
  const text = value === null || typeof value === 'object' ? '' : String(value);
  const common = { label, required: field.is_required ?? false, withAsterisk: field.is_required ?? false };
  const counter =
    limits.max_length === undefined
      ? undefined
      : t('field.chars', {
          n: formatNumber(Array.from(text).length, locale),
          max: formatNumber(limits.max_length, locale),
        });
  const writing = {
    ...common,
    value: text,
    maxLength: limits.max_length,
    description: counter,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[],
    onBlur: onCommit,
    attributes: { input: { dir: 'auto', 'data-testid': testId } },
  };
  switch (field.type) {
    case 'text':
      return <TextInput {...writing} onChange={(event) => onChange(event.currentTarget.value)} />;
    case 'textarea':
      return (
        <Textarea
          {...writing}
          autosize
          minRows={2}
          maxRows={limits.max_lines ? Math.max(2, limits.max_lines) : 6}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'image':
      return <ImageInput field={field} value={value} label={label} onChange={onChange} />;
    case 'color':
      return (
        <ColorInput
          label={label}
          value={text}
          swatches={palette}
          onChange={onChange}
          onCommit={onCommit}
          testId={testId}
        />
      );
    case 'number':
    case 'slider':
      return (
        <NumberField
          label={label}
          value={typeof value === 'number' ? value : Number(text) || 0}
          limits={limits}
          slider={field.type === 'slider'}
          onChange={onChange}
          onCommit={onCommit}
          testId={testId}
        />
      );
    case 'checkbox':
      return (
        <Checkbox
          label={label}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
          data-testid={testId}
        />
      );
    case 'date':
      return (
        <TextInput
          {...common}
          type="date"
          dir="ltr"
          min="1800-03-22"
          max="2199-12-31"
          value={text}
          onChange={(event) => {
            if (event.currentTarget.value) onChange(event.currentTarget.value);
          }}
          attributes={{ input: { 'data-testid': testId } }}
        />
      );
    case 'dropdown':
      return (
        <NativeSelect
          {...common}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
          data={(field.options ?? []).map((option) => ({
            value: option.key,
            label: localized(option.label, locale),
          }))}
          attributes={{ input: { 'data-testid': testId } }}
        />
      );
    case 'font':
      return (
        <NativeSelect
          {...common}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
          data={familiesOf(project)}
          attributes={{ input: { 'data-testid': testId } }}
        />
      );
  }
}

/** The input of any field type with the server's warnings about it. */
export function FieldInput({ warnings, ...rest }: FieldInputProps) {
  return (
    <div className={classes.field} data-testid={`field-box-${rest.field.key}`}>
      <FieldControl {...rest} />
      {warnings.map((warning) => (
        <WarningText key={`${warning.code} ${warning.layer ?? ''}`} warning={warning} />
      ))}
    </div>
  );
}
