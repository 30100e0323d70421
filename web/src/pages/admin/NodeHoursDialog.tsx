import { Autocomplete, Button, Chip, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { adminNodes } from '../../api/nodes';
import type { NodeHours, RenderNode } from '../../api/types';
import { useI18n } from '../../i18n';
import { say } from '../../say';

const WEEK_BEGINS: Record<string, number> = { fa: 6, en: 1 };
/** A Monday, to name the days of the week by. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

function dayName(day: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' }).format(MONDAY + (day - 1) * DAY_MS);
}

type NodeHoursDialogProps = { node: RenderNode; onClose: () => void; onSaved: () => Promise<void> };

/** When a node works: a span of the day in a time zone, on chosen days. */
export function NodeHoursDialog({ node, onClose, onSaved }: NodeHoursDialogProps) {
  const { t, locale } = useI18n();
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [hours, setHours] = useState<NodeHours>(
    node.hours ?? { begin: '22:00', end: '08:00', days: [1, 2, 3, 4, 5, 6, 7], time_zone: here },
  );
  const first = WEEK_BEGINS[locale] ?? 1;
  const week = Array.from({ length: 7 }, (_, place) => ((first - 1 + place) % 7) + 1);
  const save = useMutation({
    mutationFn: (wanted: NodeHours | null) =>
      wanted === null ? adminNodes.clearHours(node.id) : adminNodes.setHours(node.id, wanted),
    onSuccess: async () => {
      await onSaved();
      onClose();
    },
    onError: say.failed,
  });
  const change = (more: Partial<NodeHours>) => setHours((before) => ({ ...before, ...more }));
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('admin.nodeHoursOf', { name: node.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      centered
    >
      <Stack gap="md" data-testid="node-hours-dialog">
        <Text size="sm" c="dimmed">
          {t('admin.nodeHoursLead')}
        </Text>
        <Group grow>
          <TextInput
            type="time"
            dir="ltr"
            label={t('admin.nodeHoursBegin')}
            value={hours.begin}
            onChange={(event) => change({ begin: event.currentTarget.value })}
            data-testid="hours-begin"
          />
          <TextInput
            type="time"
            dir="ltr"
            label={t('admin.nodeHoursEnd')}
            value={hours.end}
            onChange={(event) => change({ end: event.currentTarget.value })}
            data-testid="hours-end"
          />
        </Group>
        <div>
          <Text size="sm" fw={500} mb={6}>
            {t('admin.nodeHoursDays')}
          </Text>
          <Chip.Group
            multiple
            value={hours.days.map(String)}
            onChange={(days) => change({ days: days.map(Number).sort((a, b) => a - b) })}
          >
            <Group gap={6}>
              {week.map((day) => (
                <Chip key={day} value={String(day)} size="xs">
                  {dayName(day, locale)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        </div>
        <Autocomplete
          label={t('admin.nodeHoursZone')}
          data={Intl.supportedValuesOf('timeZone')}
          limit={20}
          dir="ltr"
          value={hours.time_zone}
          onChange={(zone) => change({ time_zone: zone })}
          data-testid="hours-zone"
        />
        <Group justify="space-between">
          <Button variant="subtle" disabled={!node.hours_set} onClick={() => save.mutate(null)}>
            {t('admin.nodeHoursClear')}
          </Button>
          <Button
            loading={save.isPending}
            disabled={hours.days.length === 0 || !hours.begin || !hours.end}
            onClick={() => save.mutate(hours)}
            data-testid="hours-save"
          >
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
