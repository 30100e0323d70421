const PERSIAN_ZERO = 0x06f0;
const ARABIC_ZERO = 0x0660;

/** Write ۰-۹ and ٠-٩ as 0-9, and the Persian decimal and minus signs as ASCII ones. */
export function toAsciiDigits(text: string): string {
  return text
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - PERSIAN_ZERO))
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - ARABIC_ZERO))
    .replace(/[٫]/g, '.')
    .replace(/[٬,]/g, '')
    .replace(/[−–]/g, '-');
}

/** Write 0-9 as ۰-۹ when the language is Persian. */
export function localDigits(text: string, locale: string): string {
  if (locale !== 'fa') return text;
  return text.replace(/[0-9]/g, (digit) => String.fromCharCode(PERSIAN_ZERO + Number(digit)));
}

/** Read a number that a person typed in any of the three digit sets; null when it is none. */
export function parseNumber(text: string): number | null {
  const ascii = toAsciiDigits(text.trim());
  if (!/^-?(\d+\.?\d*|\.\d+)$/.test(ascii)) return null;
  return Number(ascii);
}

export function formatNumber(value: number, locale: string, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(locale === 'fa' ? 'fa-IR' : 'en-US', options).format(value);
}

export function formatPercent(value: number, locale: string): string {
  return locale === 'fa' ? `${formatNumber(Math.round(value), locale)}٪` : `${Math.round(value)}%`;
}

/** Keep a piece's own direction from mixing with its neighbours' (Unicode FIRST STRONG ISOLATE … POP DIRECTIONAL ISOLATE). */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}
