import { format as formatJalali } from 'date-fns-jalali';
import { localDigits } from './digits';

/** A date for people: Jalali in Persian, Gregorian in English, both in the machine's time zone. */
export function formatDate(iso: string, locale: string): string {
  const date = new Date(iso);
  if (locale === 'fa') return localDigits(formatJalali(date, 'd MMMM yyyy'), locale);
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(date);
}

export function formatDateTime(iso: string, locale: string): string {
  const date = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return locale === 'fa'
    ? `${formatDate(iso, locale)}، ${localDigits(clock, locale)}`
    : `${formatDate(iso, locale)}, ${clock}`;
}

/** How long ago, in the largest sensible unit; a full date after a week. */
export function formatAgo(iso: string, locale: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(locale === 'fa' ? 'fa-IR' : 'en', { numeric: 'auto' });
  const distance = Math.abs(seconds);
  if (distance < 45) return relative.format(0, 'second');
  if (distance < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (distance < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  if (distance < 7 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day');
  return formatDate(iso, locale);
}

/** A span that is only known roughly, as people say it: to ten seconds, then to the minute, then to the half hour. Empty below ten seconds. */
export function formatAbout(seconds: number, locale: string): string {
  const language = locale === 'fa' ? 'fa-IR' : 'en';
  const unit = (value: number, name: 'second' | 'minute' | 'hour') =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'long' }).format(value);
  if (seconds < 10) return '';
  if (seconds < 55) return unit(Math.round(seconds / 10) * 10, 'second');
  if (seconds < 57.5 * 60) return unit(Math.max(1, Math.round(seconds / 60)), 'minute');
  return unit(Math.round(seconds / 1800) / 2, 'hour');
}

/** `m:ss` of a length in seconds. */
export function formatClock(seconds: number, locale: string): string {
  const whole = Math.max(0, Math.round(seconds));
  return localDigits(`${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`, locale);
}

/** `m:ss:ff` of a frame, as editors show it. */
export function formatTimecode(frame: number, fps: number, locale: string): string {
  const whole = Math.max(0, Math.round(frame));
  const perSecond = Math.max(1, Math.round(fps));
  const seconds = Math.floor(whole / perSecond);
  const two = (value: number) => String(value).padStart(2, '0');
  return localDigits(`${Math.floor(seconds / 60)}:${two(seconds % 60)}:${two(whole % perSecond)}`, locale);
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
const PERSIAN_UNITS = ['بایت', 'کیلوبایت', 'مگابایت', 'گیگابایت', 'ترابایت'] as const;

/** A size in bytes in the largest unit that leaves at least one whole (1 KB = 1024 B). */
export function formatBytes(bytes: number, locale: string): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * power);
  const digits = value >= 10 || power === 0 ? 0 : 1;
  const number = new Intl.NumberFormat(locale === 'fa' ? 'fa-IR' : 'en-US', { maximumFractionDigits: digits }).format(
    value,
  );
  return `${number} ${(locale === 'fa' ? PERSIAN_UNITS : UNITS)[power] ?? ''}`;
}
