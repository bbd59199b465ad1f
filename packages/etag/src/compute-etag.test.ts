import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { computeEtag, computeEtagAsync } from './compute-etag.ts';
import type * as module from './compute-etag.ts';
import { isEntityTag } from './entity-tag.ts';

// Many random cases, on a machine that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

/** A runtime like an edge worker: web standards only. */
async function withoutNode(): Promise<typeof module> {
  vi.resetModules();
  vi.stubGlobal('process', undefined);
  return import('./compute-etag.ts');
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('computeEtag', () => {
  it('is strong: the first 22 characters of the SHA-256 as base64url', () => {
    const digest = createHash('sha256').update('hello').digest('base64url');

    expect(computeEtag('hello')).toBe(`"${digest.slice(0, 22)}"`);
    expect(computeEtag('')).toMatch(/^"[\w-]{22}"$/);
  });

  it('is one for a string and its UTF-8 bytes, also through crypto.subtle', async () => {
    const { computeEtagAsync: elsewhere } = await withoutNode();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const tag = computeEtag(text);

        expect(isEntityTag(tag)).toBe(true);
        expect(computeEtag(new TextEncoder().encode(text))).toBe(tag);
        expect(await computeEtagAsync(text)).toBe(tag);
        expect(await elsewhere(text)).toBe(tag);
      }),
    );
  });

  it('differs for different bytes', () => {
    expect(computeEtag('a')).not.toBe(computeEtag('b'));
  });

  it('takes weak, length and encoding', async () => {
    const full = createHash('sha256').update('x').digest('base64url');

    expect(computeEtag('x', { weak: true })).toBe(`W/"${full.slice(0, 22)}"`);
    expect(computeEtag('x', { length: 43 })).toBe(`"${full}"`);
    expect(computeEtag('x', { length: 8 })).toBe(`"${full.slice(0, 8)}"`);
    expect(computeEtag('x', { encoding: 'gzip' })).toBe(`"${full.slice(0, 22)}-gzip"`);
    expect(computeEtag('x', { encoding: 'identity', weak: undefined, length: undefined })).toBe(computeEtag('x'));
    expect(await computeEtagAsync('x', { weak: true, length: 9, encoding: 'br' })).toBe(`W/"${full.slice(0, 9)}-br"`);
  });

  it('takes a hash of the caller, with the bytes of a string', async () => {
    const hash = (bytes: Uint8Array) => `crc-${bytes.length}`;

    expect(computeEtag('é', { hash })).toBe('"crc-2"');
    expect(await computeEtagAsync('é', { hash, weak: true })).toBe('W/"crc-2"');
    expect(() => computeEtag('é', { hash: () => 'a b' })).toThrow('hash: gave "a b", which no entity-tag may hold');
  });

  it.each([undefined, null, 7, new Uint8Array(4)])('refuses a hash that gives %o', async (text) => {
    const hash = () => text as never;

    expect(() => computeEtag('x', { hash })).toThrow(/^hash: expected to get a string, got /);
    await expect(computeEtagAsync('x', { hash })).rejects.toThrow(TypeError);
  });

  it.each([7, 44, 22.5, Number.NaN, '22'])('refuses the length %s', async (length) => {
    expect(() => computeEtag('x', { length: length as number })).toThrow(
      `length: expected an integer from 8 to 43, got ${length}`,
    );
    await expect(computeEtagAsync('x', { length: length as number })).rejects.toThrow(RangeError);
  });

  it.each([undefined, null, 1, {}, [1]])('refuses the body %j', async (body) => {
    expect(() => computeEtag(body as never)).toThrow(/^body: expected a string or Uint8Array/);
    await expect(computeEtagAsync(body as never)).rejects.toThrow(TypeError);
  });

  it('says what to do where there is no node:crypto', async () => {
    const { computeEtag: elsewhere } = await withoutNode();

    expect(() => elsewhere('x')).toThrow('pass the option hash, or use computeEtagAsync');
    expect(() => elsewhere('x')).toThrow(
      expect.objectContaining({ code: 'ERR_ETAG_UNSUPPORTED', feature: 'node:crypto' }),
    );
    expect(elsewhere('x', { hash: () => 'mine' })).toBe('"mine"');
  });

  it('uses createHash where node:crypto has no hash()', async () => {
    vi.resetModules();
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ createHash });
    const { computeEtag: older } = await import('./compute-etag.ts');

    expect(older('x')).toBe(computeEtag('x'));
  });
});
