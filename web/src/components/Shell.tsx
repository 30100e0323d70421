import { ActionIcon, Avatar, Group, Menu, Text, UnstyledButton } from '@mantine/core';
import {
  IconFileDownload,
  IconFolders,
  IconKeyboard,
  IconLayoutGrid,
  IconLogout,
  IconMovie,
  IconSettings,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { identity } from '../api/endpoints';
import { useI18n } from '../i18n';
import { queries, queryClient } from '../queries';
import { workspace } from '../workspace';
import { LanguageSwitch } from './LanguageSwitch';
import { LogoMark } from './Logo';
import { NotificationBell } from './NotificationBell';
import classes from './Shell.module.css';

const PAGES = [
  { to: '/', label: 'nav.gallery', icon: IconLayoutGrid },
  { to: '/projects', label: 'nav.projects', icon: IconFolders },
  { to: '/films', label: 'nav.films', icon: IconMovie },
  { to: '/exports', label: 'nav.exports', icon: IconFileDownload },
] as const;

function Navigation({ className }: { className: string | undefined }) {
  const { t } = useI18n();
  const me = useQuery(queries.me).data;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isHere = (to: string) => (to === '/' ? path === '/' || path.startsWith('/templates') : path.startsWith(to));
  const isAdmin = me?.permissions.some((permission) => permission.startsWith('admin.')) ?? false;
  const pages = isAdmin ? [...PAGES, { to: '/admin', label: 'nav.admin', icon: IconSettings } as const] : PAGES;
  return (
    <nav className={className} aria-label={t('nav.main')}>
      {pages.map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} className={classes.link} aria-current={isHere(to) ? 'page' : undefined}>
          <Icon size={18} stroke={1.8} aria-hidden />
          <span>{t(label)}</span>
        </Link>
      ))}
    </nav>
  );
}

function AccountMenu() {
  const { t } = useI18n();
  const me = useQuery(queries.me).data;
  const navigate = useNavigate();
  const signOut = async () => {
    await identity.logout().catch(() => undefined);
    await navigate({ to: '/sign-in' });
    queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'tenant' });
  };
  const name = me?.display_name ?? me?.email ?? '';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={t('app.account')} data-testid="account-menu" className={classes.account}>
          <Avatar size={32} radius="xl" color="brand" variant="filled" name={name.slice(0, 1)} alt="">
            {name.slice(0, 1).toUpperCase()}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" c="var(--mantine-color-text)" fw={600} truncate>
            {name}
          </Text>
          <Text size="xs" dir="ltr" ta="start" truncate>
            {me?.email}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} className="mirror" aria-hidden />}
          onClick={() => void signOut()}
          data-testid="sign-out"
        >
          {t('nav.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function Shell() {
  const { t } = useI18n();
  const tenant = useQuery(queries.tenant).data;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    // a screen reader would otherwise stay on the link of the page that has gone
    if (before.current !== path) main.current?.focus({ preventScroll: true });
    before.current = path;
  }, [path]);
  return (
    <div className={classes.page}>
      <header className={classes.bar}>
        <div className={classes.inner}>
          <Link to="/" className={classes.brand}>
            <LogoMark />
            <span>{tenant?.product_name ?? 'FlatRender'}</span>
          </Link>
          <Navigation className={classes.nav} />
          <Group gap={10} wrap="nowrap" className={classes.tools}>
            <LanguageSwitch />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              className={classes.onlyWide}
              aria-label={t('nav.shortcuts')}
              onClick={() => workspace.setState({ shortcutsOpen: true })}
            >
              <IconKeyboard size={20} stroke={1.7} aria-hidden />
            </ActionIcon>
            <NotificationBell />
            <AccountMenu />
          </Group>
        </div>
      </header>
      <main id="main" className={classes.main} tabIndex={-1} ref={main}>
        <Outlet />
      </main>
      <Navigation className={classes.bottomNav} />
    </div>
  );
}
