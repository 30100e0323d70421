import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { ErrorState } from '../../components/ErrorState';
import { ApiError } from '../../api/errors';
import { useI18n } from '../../i18n';
import { can, queries } from '../../queries';
import { ADMIN_PAGES } from '../../router';
import classes from './Admin.module.css';

/** The admin's sections that this person may see. */
export function AdminFrame() {
  const { t } = useI18n();
  const me = useQuery(queries.me).data;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const pages = ADMIN_PAGES.filter((page) => can(me?.permissions, page.permission));
  const here = ADMIN_PAGES.find((page) => path.startsWith(page.to));
  const allowed = here === undefined || can(me?.permissions, here.permission);
  return (
    <>
      <nav className={classes.sections} aria-label={t('admin.sections')}>
        {pages.map((page) => (
          <Link key={page.to} to={page.to} aria-current={path.startsWith(page.to) ? 'page' : undefined}>
            {t(page.label)}
          </Link>
        ))}
      </nav>
      {allowed ? <Outlet /> : <ErrorState error={new ApiError(403, { code: 'identity.forbidden' })} />}
    </>
  );
}
