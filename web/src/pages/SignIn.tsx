import { Alert, Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';
import { identity } from '../api/endpoints';
import { errorMessage } from '../api/errors';
import { LanguageSwitch } from '../components/LanguageSwitch';
import { LogoMark } from '../components/Logo';
import { useI18n } from '../i18n';
import { queries, queryClient } from '../queries';
import classes from './SignIn.module.css';

const route = getRouteApi('/sign-in');

export function SignIn() {
  const { t } = useI18n();
  const router = useRouter();
  const { next, expired } = route.useSearch();
  const tenant = useQuery(queries.tenant).data;
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (!email.trim() || !password) return;
    setBusy(true);
    setFailure(null);
    try {
      await identity.login(email.trim(), password);
      queryClient.removeQueries({ queryKey: ['me'] });
      router.history.push(next ?? '/');
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className={classes.page}>
      <main id="main" className={classes.formSide}>
        <div className={classes.top}>
          <span className={classes.brand}>
            <LogoMark />
            {tenant?.product_name ?? 'FlatRender'}
          </span>
          <LanguageSwitch />
        </div>
        <form className={classes.form} onSubmit={(event) => void submit(event)} noValidate data-testid="sign-in-form">
          <div>
            <Title order={1} size="1.9rem">
              {t('signIn.title')}
            </Title>
            <Text c="dimmed">{t('signIn.lead')}</Text>
          </div>
          {expired && !failure && <Alert color="brand">{t('signIn.expired')}</Alert>}
          {failure !== null && (
            <Alert color="red" role="alert" data-testid="sign-in-error">
              {errorMessage(failure)}
            </Alert>
          )}
          <Stack gap="md">
            <TextInput
              label={t('signIn.email')}
              type="email"
              name="email"
              autoComplete="username"
              required
              size="md"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              error={tried && !email.trim() ? t('signIn.emailRequired') : null}
              attributes={{ input: { dir: 'ltr', 'data-testid': 'sign-in-email' } }}
            />
            <PasswordInput
              label={t('signIn.password')}
              name="password"
              autoComplete="current-password"
              required
              size="md"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              error={tried && !password ? t('signIn.passwordRequired') : null}
              attributes={{ innerInput: { dir: 'ltr', 'data-testid': 'sign-in-password' } }}
            />
            <Button type="submit" size="md" loading={busy} data-testid="sign-in-submit">
              {t('signIn.submit')}
            </Button>
          </Stack>
        </form>
      </main>
      <aside className={classes.showSide} aria-hidden="true">
        <div className={classes.reel}>
          <span />
          <span />
          <span />
          <span />
          <span />
        </div>
        <ul className={classes.points}>
          {(['signIn.point1', 'signIn.point2', 'signIn.point3'] as const).map((key) => (
            <li key={key}>
              <IconCircleCheck size={20} stroke={1.6} />
              {t(key)}
            </li>
          ))}
        </ul>
      </aside>
    </div>
  );
}
