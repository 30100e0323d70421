import { SegmentedControl } from '@mantine/core';
import { identity } from '../api/endpoints';
import { setLocale, useI18n, type Locale } from '../i18n';
import { queries, queryClient } from '../queries';

/** Persian or English, remembered in this browser and, when somebody is signed in, in their account. */
export function LanguageSwitch() {
  const { t, locale } = useI18n();
  const choose = (next: Locale) => {
    setLocale(next, true);
    if (queryClient.getQueryData(queries.me.queryKey)) {
      identity
        .setLocale(next)
        .then((me) => queryClient.setQueryData(queries.me.queryKey, me))
        .catch(() => undefined);
    }
  };
  return (
    <SegmentedControl
      size="xs"
      data-testid="language-switch"
      aria-label={t('nav.language')}
      value={locale}
      onChange={(next) => choose(next)}
      data={[
        { value: 'fa', label: <span lang="fa">فا</span> },
        { value: 'en', label: <span lang="en">EN</span> },
      ]}
    />
  );
}
