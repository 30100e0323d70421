import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';

const COLORS = { good: 'teal.9', busy: 'brand', quiet: 'gray.7', bad: 'red.9', warn: '#a14000' } as const;

/** A state in a colour that never is the only sign of it. */
export function StatusBadge({
  tone,
  children,
  testId,
}: {
  tone: keyof typeof COLORS;
  children: ReactNode;
  testId?: string;
}) {
  return (
    <Badge color={COLORS[tone]} variant="filled" data-testid={testId}>
      {children}
    </Badge>
  );
}
