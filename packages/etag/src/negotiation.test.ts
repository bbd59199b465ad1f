import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { selectEncoding } from './accept-encoding.ts';
import { byteRange } from './byte-range.ts';
import { mergeVary } from './vary.ts';

// Many random cases, on a machine that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

describe('selectEncoding', () => {
  const available = ['br', 'gzip', 'zstd'] as const;

  it.each([
    { field: undefined, coding: 'identity' },
    { field: '', coding: 'identity' },
    { field: 'gzip, deflate, br, zstd', coding: 'br' },
    { field: 'gzip', coding: 'gzip' },
    { field: 'x-gzip', coding: 'gzip' },
    { field: 'gzip, x-gzip;q=0', coding: 'gzip' },
    { field: 'GZIP', coding: 'gzip' },
    { field: 'deflate', coding: 'identity' },
    { field: 'br;q=0.5, gzip', coding: 'gzip' },
    { field: 'br; q=0.5 ,gzip;\tq=0.8', coding: 'gzip' },
    { field: 'br;q=0, gzip;q=0', coding: 'identity' },
    { field: '*', coding: 'br' },
    { field: '*, br;q=0', coding: 'gzip' },
    { field: '*;q=0', coding: 'identity' },
    { field: 'identity', coding: 'identity' },
    { field: 'identity;q=0.5, gzip;q=0.2', coding: 'identity' },
    { field: 'identity;q=0.5, gzip;q=0.5', coding: 'gzip' },
    { field: 'identity;q=0', coding: 'identity' },
    { field: 'gzip;q=2', coding: 'identity' },
    { field: 'gzip;level=9', coding: 'identity' },
    { field: ',,gzip', coding: 'gzip' },
    { field: 'gzip;q=0.001', coding: 'gzip' },
    { field: 'br;q=0, br', coding: 'identity' },
  ])('answers $field with $coding', ({ field, coding }) => {
    expect(selectEncoding(field, available)).toBe(coding);
  });

  it('is identity where nothing was compressed', () => {
    expect(selectEncoding('gzip', [])).toBe('identity');
  });

  it('never throws, and chooses only what is there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (field) => {
        expect(['identity', ...available]).toContain(selectEncoding(field, available));
      }),
    );
  });
});

describe('byteRange', () => {
  it.each([
    { field: 'bytes=0-3', range: { first: 0, last: 3 } },
    { field: 'Bytes= 0-3 ', range: { first: 0, last: 3 } },
    { field: 'bytes=4-', range: { first: 4, last: 9 } },
    { field: 'bytes=-3', range: { first: 7, last: 9 } },
    { field: 'bytes=-99', range: { first: 0, last: 9 } },
    { field: 'bytes=0-99', range: { first: 0, last: 9 } },
    { field: 'bytes=10-', range: 'unsatisfiable' },
    { field: 'bytes=-0', range: 'unsatisfiable' },
    { field: 'bytes=3-2', range: undefined },
    { field: 'bytes=-', range: undefined },
    { field: 'bytes=0-1,3-4', range: undefined },
    { field: 'items=0-1', range: undefined },
    { field: 'bytes=a-b', range: undefined },
    { field: '', range: undefined },
    { field: `bytes=${'9'.repeat(50)}-`, range: undefined },
  ])('reads $field of 10 bytes', ({ field, range }) => {
    expect(byteRange(field, 10)).toEqual(range);
  });

  it('has no part of nothing', () => {
    expect(byteRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(byteRange('bytes=-1', 0)).toBe('unsatisfiable');
  });
});

describe('mergeVary', () => {
  it.each([
    { existing: undefined, names: 'accept-encoding', merged: 'accept-encoding' },
    { existing: '', names: 'accept-encoding', merged: 'accept-encoding' },
    { existing: 'Origin', names: 'accept-encoding', merged: 'Origin, accept-encoding' },
    { existing: 'Origin, Accept-Encoding', names: 'accept-encoding', merged: 'Origin, Accept-Encoding' },
    { existing: ['origin', 'cookie'], names: 'cookie, accept', merged: 'origin, cookie, accept' },
    { existing: '*', names: 'accept', merged: '*' },
  ])('of $existing and $names is $merged', ({ existing, names, merged }) => {
    expect(mergeVary(existing, names)).toBe(merged);
  });
});
