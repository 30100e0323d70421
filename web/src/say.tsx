import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { errorDetail, errorMessage } from './api/errors';
import { i18n } from './i18n';

const close = () => ({ closeButtonProps: { 'aria-label': i18n.t('common.close') } });

/** Short messages at the edge of the page. */
export const say = {
  done: (message: string) => notifications.show({ message, color: 'teal', ...close() }),
  notice: (title: string, message: string | null) =>
    notifications.show({ title, message: message ?? '', color: 'brand', autoClose: 8000, ...close() }),
  failed: (error: unknown) => {
    const detail = errorDetail(error);
    const message = errorMessage(error);
    notifications.show({
      message:
        detail === null ? (
          message
        ) : (
          <>
            <Text size="sm">{message}</Text>
            <Text size="xs" c="dimmed" dir="auto" style={{ overflowWrap: 'anywhere' }}>
              {detail}
            </Text>
          </>
        ),
      color: 'red',
      autoClose: 8000,
      ...close(),
    });
  },
  warn: (message: string) => notifications.show({ message, color: 'yellow', autoClose: 6000, ...close() }),
  /** Something happened that can be taken back within `ms`. */
  undoable: (message: string, undo: () => void, ms = 7000): string => {
    const id = notifications.show({
      autoClose: ms,
      color: 'gray',
      message: (
        <Group justify="space-between" wrap="nowrap" gap="md">
          <Text size="sm">{message}</Text>
          <Button
            size="compact-sm"
            variant="light"
            data-testid="undo-toast"
            onClick={() => {
              notifications.hide(id);
              undo();
            }}
          >
            {i18n.t('common.undo')}
          </Button>
        </Group>
      ),
      ...close(),
    });
    return id;
  },
};
