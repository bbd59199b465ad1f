import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerWith } from './answer.ts';
import { computeEtag } from './compute-etag.ts';
import { createRepresentation, type RepresentationOptions } from './representation.ts';

const json = JSON.stringify(Array.from({ length: 50 }, (_, id) => ({ id, name: `challenge ${id}` })));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('createRepresentation', () => {
  it('makes bytes, tag and fields once', async () => {
    const made = await createRepresentation(json, {
      contentType: 'application/json',
      cacheControl: { visibility: 'public', maxAge: 15 },
      lastModified: new Date('2025-10-01T12:00:00.900Z'),
      headers: { 'CDN-Cache-Control': 'max-age=60' },
    });

    expect(new TextDecoder().decode(made.body)).toBe(json);
    expect(made.etag).toBe(computeEtag(json));
    expect(made.headers).toEqual({
      'content-type': 'application/json',
      'content-length': String(json.length),
      'cache-control': 'public, max-age=15',
      'cdn-cache-control': 'max-age=60',
      'last-modified': 'Wed, 01 Oct 2025 12:00:00 GMT',
      etag: computeEtag(json),
    });
    expect(made.notModified).toEqual({
      'cache-control': 'public, max-age=15',
      'cdn-cache-control': 'max-age=60',
      etag: computeEtag(json),
    });
    expect(Object.isFrozen(made)).toBe(true);
    expect(made.byteLength).toBe(json.length);
  });

  it('describes a string as text and bytes as bytes unless told otherwise', async () => {
    expect((await createRepresentation('é')).headers['content-type']).toBe('text/plain; charset=utf-8');
    expect((await createRepresentation('é')).headers['content-length']).toBe('2');
    const bytes = await createRepresentation(new Uint8Array(3), { headers: { 'Content-Type': 'image/png' } });
    expect(bytes.headers['content-type']).toBe('image/png');
    expect((await createRepresentation(new Uint8Array(3))).headers['content-type']).toBe('application/octet-stream');
  });

  it('takes a tag, or how to make one', async () => {
    expect((await createRepresentation('x', { etag: 'v1' })).etag).toBe('"v1"');
    expect((await createRepresentation('x', { etag: 'W/"v1"' })).etag).toBe('W/"v1"');
    expect((await createRepresentation('x', { etag: (bytes) => `n${bytes.length}` })).etag).toBe('"n1"');
    await expect(createRepresentation('x', { etag: 'a b' })).rejects.toThrow('value: expected visible ASCII');
  });

  it('compresses ahead, each coding with its own tag, and says Vary on all', async () => {
    const made = await createRepresentation(json, { encodings: ['br', 'gzip', 'zstd'] });
    const [br, gzip, zstd] = made.encodings;

    expect(brotliDecompressSync(br!.body).toString()).toBe(json);
    expect(gunzipSync(gzip!.body).toString()).toBe(json);
    expect(zstdDecompressSync(zstd!.body).toString()).toBe(json);
    expect(new Set([made.etag, br!.etag, gzip!.etag, zstd!.etag]).size).toBe(4);
    for (const variant of [made, ...made.encodings]) {
      expect(variant.headers.vary).toBe('accept-encoding');
      expect(variant.notModified.vary).toBe('accept-encoding');
      expect(variant.notModified['content-encoding']).toBeUndefined();
      expect(variant.headers['content-length']).toBe(String(variant.body.byteLength));
    }
    expect(gzip!.etag).toBe(computeEtag(gzip!.body, { encoding: 'gzip' }));
    expect(made.byteLength).toBe([made, ...made.encodings].reduce((sum, { body }) => sum + body.byteLength, 0));
  });

  it('gives a coding its own tag also where the tag is given', async () => {
    const made = await createRepresentation(json, { etag: '"v1"', encodings: ['gzip'], headers: { vary: 'Origin' } });

    expect(made.encodings[0]!.etag).toBe('"v1-gzip"');
    expect(made.headers.vary).toBe('Origin, accept-encoding');
  });

  it('drops a coding that saves nothing, and keeps Vary, which is about the resource', async () => {
    const made = await createRepresentation('x', { encodings: ['gzip'] });

    expect(made.encodings).toEqual([]);
    expect(made.headers.vary).toBe('accept-encoding');
  });

  it('says what is missing where node:zlib has no zstd', async () => {
    const zlib = process.getBuiltinModule('node:zlib');
    vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) =>
      name === 'node:zlib' ? { ...zlib, zstdCompress: undefined } : undefined,
    );

    await expect(createRepresentation(json, { encodings: ['zstd'], etag: 'v' })).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_ETAG_UNSUPPORTED',
        feature: 'zstd',
        message: 'encodings: zstd needs node:zlib with zstd (Node 22.15 or later), which this runtime does not have',
      }),
    );
  });

  it('works in a runtime without Node: gzip through CompressionStream, the others refused', async () => {
    vi.resetModules();
    vi.stubGlobal('process', undefined);
    const { createRepresentation: elsewhere } = await import('./representation.ts');

    const made = await elsewhere(json, { encodings: ['gzip'] });

    expect(gunzipSync(made.encodings[0]!.body).toString()).toBe(json);
    expect(made.etag).toBe(computeEtag(json));
    await expect(elsewhere(json, { encodings: ['br'] })).rejects.toThrow('br needs node:zlib');
  });

  it.each<{ options: RepresentationOptions; message: string }>([
    {
      options: { encodings: ['deflate'] as never },
      message: 'encodings: expected some of br, gzip, zstd, got deflate',
    },
    { options: { encodings: ['gzip', 'gzip'] }, message: 'encodings: gzip, gzip has one twice' },
    { options: { encodings: 'gzip' as never }, message: 'encodings: expected an array, got string' },
    { options: { lastModified: 'yesterday' }, message: 'lastModified: expected a valid Date' },
    { options: { lastModified: Infinity }, message: 'lastModified: expected a valid Date' },
    { options: { cacheControl: { maxAge: -1 } }, message: 'maxAge: expected whole seconds' },
    { options: { headers: { a: 1 as never } }, message: 'headers: expected a string for a, got number' },
  ])('refuses: $message', async ({ options, message }) => {
    await expect(createRepresentation('x', options)).rejects.toThrow(message);
  });

  it('refuses an object as the body', async () => {
    await expect(createRepresentation({} as never)).rejects.toThrow('JSON.stringify an object first');
  });
});

describe('answerWith', () => {
  it('compares with the tag of the coding that it would send', async () => {
    const made = await createRepresentation(json, { encodings: ['gzip'] });
    const gzip = made.encodings[0]!;
    const ask = (etag: string, coding?: string) =>
      answerWith(made, 'GET', { 'if-none-match': etag, ...(coding && { 'accept-encoding': coding }) }).status;

    expect(ask(gzip.etag, 'gzip')).toBe(304);
    expect(ask(made.etag)).toBe(304);
    expect(ask(gzip.etag)).toBe(200);
    expect(ask(made.etag, 'gzip')).toBe(200);
  });

  it('answers one range with 206, one out of reach with 416, others in full', async () => {
    const made = await createRepresentation('0123456789');
    const ask = (range: string, more = {}) => answerWith(made, 'GET', { range, ...more });

    expect(ask('bytes=2-4')).toMatchObject({
      status: 206,
      headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3', etag: made.etag },
    });
    expect(Buffer.from(ask('bytes=2-4').body!).toString()).toBe('234');
    expect(ask('bytes=10-')).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */10' } });
    expect(ask('bytes=0-1,3-4').status).toBe(200);
    expect(ask('bytes=2-4', { 'if-range': '"other"' }).status).toBe(200);
    expect(ask('bytes=2-4', { 'if-range': made.etag }).status).toBe(206);
    expect(answerWith(made, 'HEAD', { range: 'bytes=2-4' }).status).toBe(200);
  });

  it('gives an unsafe method the whole, whatever its conditions: the work is done', async () => {
    const made = await createRepresentation('x');

    expect(answerWith(made, 'POST', { 'if-none-match': '*', range: 'bytes=0-0' }).status).toBe(200);
  });
});
