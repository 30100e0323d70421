import { DirectionProvider, MantineProvider, useDirection } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useMemo, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { useI18n } from './i18n';
import { queries, queryClient } from './queries';
import { router } from './router';
import { cssVariables, makeTheme } from './theme/theme';
import { workspace } from './workspace';

function FollowDirection({ children }: { children: ReactNode }) {
  const { dir } = useI18n();
  const { setDirection } = useDirection();
  useEffect(() => setDirection(dir), [dir, setDirection]);
  return children;
}

function Themed() {
  const tenant = useQuery(queries.tenant).data;
  const dark = useStore(workspace, (state) => state.dark);
  const { dir } = useI18n();
  const theme = useMemo(() => makeTheme(tenant?.primary_color), [tenant?.primary_color]);
  useEffect(() => {
    document.title = tenant?.product_name ?? 'FlatRender';
  }, [tenant?.product_name]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme={dark ? 'dark' : 'light'}>
      <Notifications position={dir === 'rtl' ? 'bottom-left' : 'bottom-right'} limit={4} />
      <RouterProvider router={router} />
    </MantineProvider>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <DirectionProvider initialDirection="rtl" detectDirection>
        <FollowDirection>
          <Themed />
        </FollowDirection>
      </DirectionProvider>
    </QueryClientProvider>
  );
}
