import { Button, Checkbox, Group, Modal, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { newKey } from '../../api/client';
import { adminDelivery } from '../../api/endpoints';
import { ApiError, errorMessage } from '../../api/errors';
import type { DeliveryTarget, NewDeliveryTarget, TargetConfig } from '../../api/types';
import { useI18n } from '../../i18n';
import { say } from '../../say';

type TargetFormProps = {
  /** The target that is changed; null makes a new one. */
  target: DeliveryTarget | null;
  close: () => void;
  saved: (target: DeliveryTarget | NewDeliveryTarget) => void;
};

const USUAL_KEY = '{date}/{title}-{profile}-{export_id}.{extension}';

/** A webhook's address or a bucket with its keys; what the server refuses stands at its field. */
export function TargetForm({ target, close, saved }: TargetFormProps) {
  const { t } = useI18n();
  const [key] = useState(newKey);
  const [kind, setKind] = useState<'webhook' | 's3'>(target?.kind ?? 'webhook');
  const [name, setName] = useState(target?.name ?? '');
  const [config, setConfig] = useState<TargetConfig>(
    target?.config ?? { region: 'us-east-1', key_template: USUAL_KEY, path_style: true },
  );
  const [secret, setSecret] = useState('');
  const [isDefault, setDefault] = useState(target?.is_default ?? true);
  const set = (part: Partial<TargetConfig>) => setConfig((before) => ({ ...before, ...part }));
  const sent: TargetConfig =
    kind === 'webhook'
      ? { url: config.url ?? '' }
      : {
          endpoint: config.endpoint ?? '',
          bucket: config.bucket ?? '',
          access_key_id: config.access_key_id ?? '',
          region: config.region ?? 'us-east-1',
          prefix: config.prefix ?? '',
          key_template: config.key_template ?? USUAL_KEY,
          path_style: config.path_style ?? true,
        };
  const save = useMutation({
    mutationFn: (): Promise<DeliveryTarget | NewDeliveryTarget> => {
      const more = secret ? { secret_access_key: secret } : {};
      return target
        ? adminDelivery.change(target.id, target.row_version, { name, config: sent, is_default: isDefault, ...more })
        : adminDelivery.make({ name, kind, config: sent, is_default: isDefault, ...more }, key);
    },
    onSuccess: saved,
    onError: (error) => {
      if (!(error instanceof ApiError && error.errors.length > 0)) say.failed(error);
    },
  });
  const problems = save.error instanceof ApiError ? save.error.errors : [];
  // the server's words are English in both languages
  const wrong = (field: string) => {
    const found = problems.find((problem) => problem.field.endsWith(field));
    return found && <bdi dir="ltr">{found.detail}</bdi>;
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened
      onClose={close}
      size={560}
      title={target ? t('delivery.editTitle', { name: target.name }) : t('delivery.add')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit} data-testid="target-form">
        <Stack>
          {!target && (
            <SegmentedControl
              value={kind}
              onChange={setKind}
              data={[
                { value: 'webhook', label: t('delivery.kind.webhook') },
                { value: 's3', label: t('delivery.kind.s3') },
              ]}
              aria-label={t('delivery.kindLabel')}
            />
          )}
          <Text size="sm" c="dimmed">
            {t(`delivery.about.${kind}`)}
          </Text>
          <TextInput
            label={t('delivery.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={80}
            required
            data-testid="target-name"
            data-autofocus
          />
          {kind === 'webhook' ? (
            <TextInput
              label={t('delivery.url')}
              value={config.url ?? ''}
              onChange={(event) => set({ url: event.currentTarget.value })}
              error={wrong('url')}
              type="url"
              dir="ltr"
              placeholder="https://example.com/hooks/films"
              required
              data-testid="target-url"
            />
          ) : (
            <>
              <TextInput
                label={t('delivery.endpoint')}
                value={config.endpoint ?? ''}
                onChange={(event) => set({ endpoint: event.currentTarget.value })}
                error={wrong('endpoint')}
                type="url"
                dir="ltr"
                placeholder="https://s3.eu-central-1.amazonaws.com"
                required
                data-testid="target-endpoint"
              />
              <Group grow align="flex-start">
                <TextInput
                  label={t('delivery.bucket')}
                  value={config.bucket ?? ''}
                  onChange={(event) => set({ bucket: event.currentTarget.value })}
                  error={wrong('bucket')}
                  dir="ltr"
                  required
                />
                <TextInput
                  label={t('delivery.region')}
                  value={config.region ?? ''}
                  onChange={(event) => set({ region: event.currentTarget.value })}
                  error={wrong('region')}
                  dir="ltr"
                  required
                />
              </Group>
              <Group grow align="flex-start">
                <TextInput
                  label={t('delivery.accessKey')}
                  value={config.access_key_id ?? ''}
                  onChange={(event) => set({ access_key_id: event.currentTarget.value })}
                  error={wrong('access_key_id')}
                  dir="ltr"
                  autoComplete="off"
                  required
                />
                <PasswordInput
                  label={t('delivery.secretKey')}
                  description={target ? t('delivery.secretStays') : undefined}
                  value={secret}
                  onChange={(event) => setSecret(event.currentTarget.value)}
                  error={wrong('secret_access_key')}
                  dir="ltr"
                  autoComplete="new-password"
                  required={!target}
                  visibilityToggleButtonProps={{ 'aria-label': t('delivery.showSecret') }}
                />
              </Group>
              <TextInput
                label={t('delivery.keyTemplate')}
                description={t('delivery.keyTemplateHint')}
                value={config.key_template ?? ''}
                onChange={(event) => set({ key_template: event.currentTarget.value })}
                error={wrong('key_template')}
                dir="ltr"
                required
              />
              <Checkbox
                label={t('delivery.pathStyle')}
                checked={config.path_style ?? true}
                onChange={(event) => set({ path_style: event.currentTarget.checked })}
              />
            </>
          )}
          <Checkbox
            label={t('delivery.usualLabel')}
            checked={isDefault}
            onChange={(event) => setDefault(event.currentTarget.checked)}
          />
          {save.error && problems.length > 0 && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert" data-testid="target-error">
              {errorMessage(save.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending} data-testid="target-save">
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
