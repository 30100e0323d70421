import { describe, expect, it } from 'vitest';
import { formatNumber, formatPercent, localDigits, parseNumber, toAsciiDigits } from '../../src/format/digits';
import { waveformPath } from '../../src/format/waveform';
import { formatAbout, formatAgo, formatBytes, formatClock, formatDate, formatTimecode } from '../../src/format/time';

describe('digits', () => {
  it('reads Persian, Arabic and ASCII digits and sends ASCII', () => {
    expect(toAsciiDigits('۱۲٣٤56')).toBe('123456');
    expect(parseNumber(' ۱۲٫۵ ')).toBe(12.5);
    expect(parseNumber('−۳')).toBe(-3);
    expect(parseNumber('۱٬۲۳۴')).toBe(1234);
  });
  it('does not take for a number what is none', () => {
    for (const text of ['', '-', '۱۲ تومان', '1.2.3', 'NaN', '.']) expect(parseNumber(text)).toBeNull();
  });
  it('shows Persian digits in Persian only', () => {
    expect(localDigits('0:15', 'fa')).toBe('۰:۱۵');
    expect(localDigits('0:15', 'en')).toBe('0:15');
    expect(formatNumber(1234.5, 'fa')).toBe('۱٬۲۳۴٫۵');
    expect(formatPercent(41.6, 'fa')).toBe('۴۲٪');
    expect(formatPercent(41.6, 'en')).toBe('42%');
  });
});

describe('dates and times', () => {
  it('says a rough span as people say it, in the digits of the language', () => {
    expect(formatAbout(118, 'fa')).toBe('۲ دقیقه');
    expect(formatAbout(118, 'en')).toBe('2 minutes');
    expect(formatAbout(59, 'en')).toBe('1 minute');
    expect(formatAbout(43, 'fa')).toBe('۴۰ ثانیه');
    expect(formatAbout(9.9, 'fa')).toBe('');
    expect(formatAbout(5400, 'fa')).toBe('۱٫۵ ساعت');
    expect(formatAbout(3500, 'en')).toBe('1 hour');
  });
  it('shows Jalali dates in Persian order and Gregorian ones in English', () => {
    const noon = new Date(2026, 10, 22, 12).toISOString();
    expect(formatDate(noon, 'fa')).toBe('۱ آذر ۱۴۰۵');
    expect(formatDate(noon, 'en')).toBe('22 Nov 2026');
  });
  it('knows the Persian new year', () => {
    expect(formatDate(new Date(2026, 2, 20, 12).toISOString(), 'fa')).toBe('۲۹ اسفند ۱۴۰۴');
    expect(formatDate(new Date(2026, 2, 21, 12).toISOString(), 'fa')).toBe('۱ فروردین ۱۴۰۵');
  });
  it('says how long ago', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    expect(formatAgo('2026-11-22T11:57:00Z', 'en', now)).toBe('3 minutes ago');
    expect(formatAgo('2026-11-22T09:00:00Z', 'fa', now)).toBe('۳ ساعت پیش');
  });
  it('shows lengths, timecodes and sizes', () => {
    expect(formatClock(75.2, 'fa')).toBe('۱:۱۵');
    expect(formatTimecode(95, 30, 'en')).toBe('0:03:05');
    expect(formatBytes(1536, 'en')).toBe('1.5 KB');
    expect(formatBytes(12_582_912, 'fa')).toBe('۱۲ مگابایت');
    expect(formatBytes(0, 'en')).toBe('0 B');
  });
});

describe('waveform', () => {
  const base64 = (values: number[]) => btoa(String.fromCharCode(...values.map((value) => value & 255)));
  it('draws each bar from the lowest to the highest of its buckets, silence as a line', () => {
    expect(waveformPath(base64([-127, 127, 0, 0]), 2)).toBe('M0.50 0.000V2.000M1.50 0.980V1.020');
    expect(waveformPath(base64([-64, 0, 0, 32, 0, 0, -1, 127]), 2)).toBe('M0.50 0.748V1.504M1.50 0.000V1.020');
  });
  it('spreads a short sound over the whole width and takes nothing for a picture', () => {
    expect(waveformPath(base64([-127, 127]), 10)).toBe('M5.00 0.000V2.000');
    expect(waveformPath('', 10)).toBe('');
  });
});
