import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isEntityTag } from './entity-tag.ts';
import { sha256 } from './sha256.ts';
import { versionEtag } from './version-etag.ts';

// Many random cases, on a machine that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

afterEach(() => vi.unstubAllGlobals());

const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
);

describe('versionEtag', () => {
  it('is weak, short, and one for the same parts', () => {
    expect(versionEtag(7)).toMatch(/^W\/"v-[\w-]{22}"$/);
    expect(versionEtag('a'.repeat(100_000)).length).toBe(versionEtag(7).length);
    expect(versionEtag(7, 'de', new Date(5))).toBe(versionEtag(7, 'de', new Date(5)));
  });

  it.each([
    { one: ['a', 'bc'], other: ['ab', 'c'] },
    { one: ['a', ''], other: ['a'] },
    { one: ['1:a'], other: ['1', 'a'] },
    { one: [1], other: ['1'] },
    { one: [1], other: [1n] },
    { one: [1, 2], other: [12] },
    { one: [1, 2], other: [2, 1] },
    { one: [new Date(1)], other: [1] },
    { one: ['\ud800'], other: ['\ud801'] },
    { one: ['\ud800'], other: ['\ufffd'] },
  ])('differs for $one and $other', ({ one, other }) => {
    expect(versionEtag(...one)).not.toBe(versionEtag(...other));
  });

  it('is an entity-tag for any parts, and differs where they do', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.array(part, { minLength: 1 }), (one, other) => {
        const [first, second] = [versionEtag(...one), versionEtag(...other)];

        expect(isEntityTag(first)).toBe(true);
        expect(first === second).toBe(fc.stringify(one) === fc.stringify(other));
      }),
    );
  });

  it('is the same in a runtime without node:crypto', async () => {
    vi.resetModules();
    vi.stubGlobal('process', undefined);
    const { versionEtag: elsewhere } = await import('./version-etag.ts');

    expect(elsewhere(7, 'de', new Date(5), 3n)).toBe(versionEtag(7, 'de', new Date(5), 3n));
  });

  it('refuses a missing version', () => {
    expect(() => versionEtag()).toThrow('versionEtag: expected at least one version');
    expect(() => versionEtag(1, undefined as never)).toThrow(
      'versionEtag: part 1: expected a string, finite number, bigint or valid Date, got undefined',
    );
    expect(() => versionEtag(null as never)).toThrow(TypeError);
    expect(() => versionEtag({} as never)).toThrow(/part 0.*got object/);
    expect(() => versionEtag(Number.NaN)).toThrow(RangeError);
    expect(() => versionEtag(Number.POSITIVE_INFINITY)).toThrow('got Infinity');
    expect(() => versionEtag(new Date(Number.NaN))).toThrow('got Invalid Date');
  });
});

describe('sha256', () => {
  it('is that of node:crypto, for every length around the block size and for random bytes', () => {
    const expected = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
    for (let length = 0; length < 200; length++) {
      const bytes = new Uint8Array(length).fill(length);
      expect(Buffer.from(sha256(bytes))).toEqual(expected(bytes));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000 }), (bytes) => {
        expect(Buffer.from(sha256(bytes))).toEqual(expected(bytes));
      }),
    );
  });
});
