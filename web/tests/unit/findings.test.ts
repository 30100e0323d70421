import { describe, expect, it } from 'vitest';
import { ApiError, errorDetail } from '../../src/api/errors';
import { findingSentence } from '../../src/i18n/findings';

const found = (verdict: 'exact' | 'approximate' | 'not_drawn', feature: string, sentence: string) => ({
  verdict,
  feature,
  sentence,
});

describe('findings of an After Effects project', () => {
  it('are said in Persian on the Persian page and as the server says them on the English one', () => {
    const lost = found('not_drawn', 'effect.ADBE Turbulent Displace', "the effect 'Turbulent Displace' is not drawn");
    expect(findingSentence(lost, 'fa')).toBe('افکت «\u2068Turbulent Displace\u2069» رسم نمی‌شود.');
    expect(findingSentence(lost, 'en')).toBe(lost.sentence);
  });
  it('go by the feature itself before its family', () => {
    const glow = found('approximate', 'effect.ADBE Glo2', 'all of the layer glows');
    expect(findingSentence(glow, 'fa')).toContain('همهٔ لایه می‌درخشد');
    const other = found('not_drawn', 'text.animator.ADBE Text Blur', "the animated 'Blur' of the letters is not drawn");
    expect(findingSentence(other, 'fa')).toBe('حرکت «\u2068Blur\u2069» حروف رسم نمی‌شود.');
  });
  it('keep the English sentence where there is no other', () => {
    expect(findingSentence(found('exact', 'new.thing', 'it is new'), 'fa')).toBe('it is new');
  });
});

describe('the detail of an error', () => {
  it('is shown beside a sentence that does not name what is meant, and nowhere else', () => {
    const font = new ApiError(422, { code: 'aerender_font', detail: 'scene a: the font IRANSans is missing' });
    expect(errorDetail(font)).toBe('scene a: the font IRANSans is missing');
    expect(errorDetail(new ApiError(429, { code: 'render.queue_full', detail: '3 films' }))).toBeNull();
    expect(errorDetail(new Error('no answer'))).toBeNull();
  });
});
