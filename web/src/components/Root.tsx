import { Outlet } from '@tanstack/react-router';
import { useI18n } from '../i18n';
import { ShortcutSheet } from './ShortcutSheet';

export function Root() {
  const { t } = useI18n();
  return (
    <>
      <a className="skip-link" href="#main">
        {t('app.skip')}
      </a>
      <Outlet />
      <ShortcutSheet />
    </>
  );
}
