import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { en } from './en';
import { fa, type Dictionary } from './fa';

export const LOCALES = ['fa', 'en'] as const;
export type Locale = (typeof LOCALES)[number];
const LOCALE_KEY = 'flatrender.locale';

declare module 'i18next' {
  interface CustomTypeOptions {
    keySeparator: false;
    defaultNS: 'translation';
    resources: { translation: Dictionary };
  }
}

export const i18n = i18next.createInstance();

export function isLocale(value: unknown): value is Locale {
  return LOCALES.includes(value as Locale);
}

/** The interface's language of a locale such as `fa-IR`; null when we have none. */
export function baseLocale(locale: string | null | undefined): Locale | null {
  const base = locale?.split('-')[0];
  return isLocale(base) ? base : null;
}

export function storedLocale(): Locale | null {
  const stored = localStorage.getItem(LOCALE_KEY);
  return isLocale(stored) ? stored : null;
}

export function directionOf(locale: string): 'rtl' | 'ltr' {
  return locale === 'fa' ? 'rtl' : 'ltr';
}

function applyToPage(locale: string): void {
  document.documentElement.lang = locale;
  document.documentElement.dir = directionOf(locale);
}

void i18n.use(initReactI18next).init({
  lng: storedLocale() ?? 'fa',
  fallbackLng: false,
  keySeparator: false,
  interpolation: { escapeValue: false },
  initAsync: false,
  resources: { fa: { translation: fa }, en: { translation: en } },
});
applyToPage(i18n.language);
i18n.on('languageChanged', applyToPage);

/** Show the interface in this language; with `remember` it is the person's own choice and stays for the next visit. */
export function setLocale(locale: Locale, remember: boolean): void {
  if (remember) localStorage.setItem(LOCALE_KEY, locale);
  if (i18n.language !== locale) void i18n.changeLanguage(locale);
}

/** The translation function and the language, re-rendering when it changes. */
export function useI18n() {
  const { t, i18n: instance } = useTranslation(undefined, { i18n });
  return { t, locale: instance.language as Locale, dir: directionOf(instance.language) };
}

/** The text of a key that is only known at run time (an error's code, a notification's type); null when there is none. */
export function textFor(key: string): string | null {
  const translate = i18n.t as unknown as (key: string) => string;
  return i18n.exists(key) ? translate(key) : null;
}

/** A text for people that the server sends as a map of locales: the wanted one, then Persian, then English, then any. */
export function localized(value: Record<string, string> | string | null | undefined, locale: string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  return value[locale] ?? value.fa ?? value.en ?? Object.values(value)[0] ?? '';
}
