import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './EmptyState.module.css';

/** Nothing here yet, and the one thing to do about it. */
export function EmptyState({ icon, text, action }: { icon: ReactNode; text: string; action?: ReactNode }) {
  return (
    <Stack align="center" gap="md" className={classes.box} data-testid="empty-state">
      <span className={classes.icon} aria-hidden>
        {icon}
      </span>
      <Text c="dimmed" ta="center">
        {text}
      </Text>
      {action}
    </Stack>
  );
}
