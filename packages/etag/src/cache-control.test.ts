import { describe, expect, it } from 'vitest';
import { cacheControl, type CacheDirectives, cachePolicy } from './cache-control.ts';

describe('cacheControl', () => {
  it.each<{ directives: CacheDirectives; field: string }>([
    { directives: { visibility: 'public', maxAge: 15 }, field: 'public, max-age=15' },
    { directives: { visibility: 'private', noCache: true }, field: 'private, no-cache' },
    { directives: { noStore: true }, field: 'no-store' },
    { directives: { visibility: 'private', noStore: true, noCache: true }, field: 'private, no-cache, no-store' },
    { directives: { maxAge: 0, mustRevalidate: true }, field: 'max-age=0, must-revalidate' },
    {
      directives: { maxAge: 60, staleWhileRevalidate: 30, staleIfError: 3600 },
      field: 'max-age=60, stale-while-revalidate=30, stale-if-error=3600',
    },
    {
      directives: { visibility: 'public', maxAge: 1, sMaxAge: 2, proxyRevalidate: true, noTransform: true },
      field: 'public, max-age=1, s-maxage=2, proxy-revalidate, no-transform',
    },
    { directives: { maxAge: 31_536_000, immutable: true }, field: 'max-age=31536000, immutable' },
    { directives: { maxAge: undefined, noCache: false, visibility: undefined }, field: '' },
  ])('writes $field', ({ directives, field }) => {
    expect(cacheControl(directives)).toBe(field);
  });

  it.each<{ directives: CacheDirectives; message: string }>([
    { directives: { noStore: true, maxAge: 0 }, message: 'noStore contradicts maxAge' },
    { directives: { noStore: true, sMaxAge: 1 }, message: 'noStore contradicts sMaxAge' },
    { directives: { noStore: true, staleWhileRevalidate: 1 }, message: 'noStore contradicts staleWhileRevalidate' },
    { directives: { noStore: true, staleIfError: 1 }, message: 'noStore contradicts staleIfError' },
    { directives: { noStore: true, visibility: 'public' }, message: 'noStore contradicts visibility: public' },
    { directives: { noStore: true, immutable: true }, message: 'noStore contradicts immutable' },
    { directives: { sMaxAge: 1, staleWhileRevalidate: 1 }, message: 'sMaxAge contradicts staleWhileRevalidate' },
    { directives: { sMaxAge: 1, visibility: 'private' }, message: 'sMaxAge contradicts visibility: private' },
    { directives: { noCache: true, staleWhileRevalidate: 1 }, message: 'noCache contradicts staleWhileRevalidate' },
    { directives: { mustRevalidate: true, staleWhileRevalidate: 1 }, message: 'mustRevalidate contradicts' },
    { directives: { noCache: true, immutable: true }, message: 'noCache contradicts immutable' },
  ])('refuses that $message', ({ directives, message }) => {
    expect(() => cacheControl(directives)).toThrow(TypeError);
    expect(() => cacheControl(directives)).toThrow(message);
  });

  it.each(['maxAge', 'sMaxAge', 'staleWhileRevalidate', 'staleIfError'])('refuses a wrong %s', (name) => {
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31 + 1]) {
      expect(() => cacheControl({ [name]: value })).toThrow(RangeError);
      expect(() => cacheControl({ [name]: value })).toThrow(`${name}: expected whole seconds`);
    }
    expect(() => cacheControl({ [name]: '15' })).toThrow(TypeError);
  });

  it('refuses what it does not know', () => {
    expect(() => cacheControl({ maxage: 1 } as never)).toThrow('maxage: not a directive that cacheControl knows');
    expect(() => cacheControl({ visibility: 'protected' } as never)).toThrow(
      "visibility: expected 'public' or 'private'",
    );
    expect(() => cacheControl({ noCache: 1 } as never)).toThrow('noCache: expected a boolean, got 1');
    expect(() => cacheControl(null as never)).toThrow('got null');
  });
});

describe('cachePolicy', () => {
  it('keeps browsers and the CDN apart', () => {
    const policy = cachePolicy({
      browser: { visibility: 'public', maxAge: 15 },
      cdn: { maxAge: 60, staleWhileRevalidate: 300 },
    });

    expect(policy).toEqual({
      'cache-control': 'public, max-age=15',
      'cdn-cache-control': 'max-age=60, stale-while-revalidate=300',
    });
  });

  it('is one field without a cdn part, takes finished fields, and refuses contradictions in both', () => {
    expect(cachePolicy({ browser: 'no-cache' })).toEqual({ 'cache-control': 'no-cache' });
    expect(() => cachePolicy({ browser: {}, cdn: { noStore: true, maxAge: 1 } })).toThrow('noStore contradicts maxAge');
  });
});
