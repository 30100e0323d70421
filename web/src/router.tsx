import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { refreshSession, setSignedOutHandler, accessExpiresAt } from './api/client';
import { ApiError } from './api/errors';
import type { Permission } from './api/types';
import { NotFound, PageError } from './components/PageError';
import { PageLoading } from './components/PageLoading';
import { Root } from './components/Root';
import { Shell } from './components/Shell';
import { baseLocale, setLocale, storedLocale } from './i18n';
import { can, queries, queryClient } from './queries';

type SignInSearch = { next?: string; expired?: true };
export type GallerySearch = { q?: string; category?: string };
export type StudioSearch = { render?: true };

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
/** Only addresses of this site may be gone to after signing in. */
const ownPath = (value: unknown) =>
  typeof value === 'string' && /^\/(?![/\\])/.test(value) && !value.startsWith('/sign-in') ? value : undefined;

const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound, errorComponent: PageError });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    next: ownPath(search.next),
    expired: search.expired === true ? true : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/SignIn'), 'SignIn'),
});

const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ location }) => {
    try {
      const me = await queryClient.query({ ...queries.me, staleTime: 'static' });
      const own = storedLocale() ?? baseLocale(me.locale) ?? baseLocale(me.tenant.default_locale);
      if (own) setLocale(own, false);
      return { me };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's own way to redirect
        throw redirect({ to: '/sign-in', search: { next: ownPath(location.href) }, replace: true });
      }
      throw error;
    }
  },
  component: lazyRouteComponent(() => import('./components/SignedIn'), 'SignedIn'),
});

const shellRoute = createRoute({ getParentRoute: () => signedInRoute, id: 'shell', component: Shell });

const galleryRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  validateSearch: (search: Record<string, unknown>): GallerySearch => ({
    q: text(search.q),
    category: text(search.category),
  }),
  component: lazyRouteComponent(() => import('./pages/Gallery'), 'Gallery'),
});

const templateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/templates/$projectId',
  component: lazyRouteComponent(() => import('./pages/Template'), 'Template'),
});

const projectsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/projects',
  component: lazyRouteComponent(() => import('./pages/Projects'), 'Projects'),
});

const filmsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/films',
  component: lazyRouteComponent(() => import('./pages/Films'), 'Films'),
});

const exportsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/exports',
  component: lazyRouteComponent(() => import('./pages/Exports'), 'Exports'),
});

const filmRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/films/$jobId',
  component: lazyRouteComponent(() => import('./pages/Film'), 'Film'),
});

const studioRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/studio/$documentId',
  validateSearch: (search: Record<string, unknown>): StudioSearch => ({
    render: search.render === true ? true : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/studio/Studio'), 'Studio'),
});

const adminRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin',
  component: lazyRouteComponent(() => import('./pages/admin/AdminFrame'), 'AdminFrame'),
});

export const ADMIN_PAGES = [
  { to: '/admin/templates', permission: 'admin.templates', label: 'admin.templates' },
  { to: '/admin/jobs', permission: 'admin.render', label: 'admin.jobs' },
  { to: '/admin/delivery', permission: 'admin.render', label: 'admin.delivery' },
  { to: '/admin/nodes', permission: 'admin.nodes', label: 'admin.nodes' },
] as const satisfies readonly { to: string; permission: Permission; label: string }[];

const adminIndexRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const first = ADMIN_PAGES.find((page) => can(context.me.permissions, page.permission));
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's own way to redirect
    throw redirect({ to: first?.to ?? '/', replace: true });
  },
});

const adminTemplatesRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/templates',
  component: lazyRouteComponent(() => import('./pages/admin/Templates'), 'AdminTemplates'),
});

const adminTemplateRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/templates/$projectId',
  component: lazyRouteComponent(() => import('./pages/admin/TemplateDetail'), 'AdminTemplate'),
});

const adminJobsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/jobs',
  component: lazyRouteComponent(() => import('./pages/admin/Jobs'), 'AdminJobs'),
});

const adminJobRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/jobs/$jobId',
  component: lazyRouteComponent(() => import('./pages/admin/JobDetail'), 'AdminJob'),
});

const adminDeliveryRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/delivery',
  component: lazyRouteComponent(() => import('./pages/admin/Delivery'), 'AdminDelivery'),
});

const adminNodesRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: '/nodes',
  component: lazyRouteComponent(() => import('./pages/admin/Nodes'), 'AdminNodes'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  signedInRoute.addChildren([
    shellRoute.addChildren([
      galleryRoute,
      templateRoute,
      projectsRoute,
      filmsRoute,
      filmRoute,
      exportsRoute,
      adminRoute.addChildren([
        adminIndexRoute,
        adminTemplatesRoute,
        adminTemplateRoute,
        adminJobsRoute,
        adminJobRoute,
        adminDeliveryRoute,
        adminNodesRoute,
      ]),
    ]),
    studioRoute,
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPendingComponent: PageLoading,
  defaultPendingMs: 200,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

setSignedOutHandler(() => {
  const knew = queryClient.getQueryData(queries.me.queryKey) !== undefined;
  if (!knew) return;
  const next = ownPath(router.state.location.href);
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'tenant' });
  void router.navigate({ to: '/sign-in', search: { next, expired: true }, replace: true });
});

const RENEW_BEFORE_MS = 60_000;

/** Pictures and films are loaded by the browser itself, which cannot renew a session: do it before it ends. */
export function keepSessionFresh(): () => void {
  const timer = setInterval(() => {
    const expires = accessExpiresAt();
    if (expires !== null && expires - Date.now() < RENEW_BEFORE_MS && !document.hidden) {
      refreshSession().catch(() => undefined);
    }
  }, 15_000);
  return () => clearInterval(timer);
}
