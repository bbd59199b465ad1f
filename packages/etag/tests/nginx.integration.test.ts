import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { until } from '@corral-internal/test-kit';
import { type NginxServer, startNginx } from '@corral-internal/test-kit/servers';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { etagPlugin } from '../src/fastify.ts';
import { computeEtag, createRepresentation, versionEtag } from '../src/index.ts';
import { rawRequest, type RawAnswer } from './support/raw-http.ts';

const body = JSON.stringify({ challenges: Array.from({ length: 200 }, (_, id) => ({ id, text: 'is it true?' })) });

let app: FastifyInstance;
let nginx: NginxServer;
let handled: string[] = [];
let answered: number[] = [];

beforeAll(async () => {
  app = Fastify();
  app.addHook('onResponse', (_request, reply, done) => {
    answered.push(reply.statusCode);
    done();
  });
  await app.register(etagPlugin);
  const short = { contentType: 'application/json', cacheControl: { visibility: 'public', maxAge: 1 } } as const;
  const made = await createRepresentation(body, short);
  const coded = await createRepresentation(body, { ...short, cacheControl: 'public, max-age=60', encodings: ['gzip'] });
  app.get('/made', (_request, reply) => reply.sendRepresentation(made));
  app.get('/coded', (_request, reply) => reply.sendRepresentation(coded));
  app.get('/gzip/auto', () => JSON.parse(body) as unknown);
  const version = {
    version: () => ({ etag: versionEtag(7) }),
    cacheControl: { visibility: 'public', maxAge: 1 },
  } as const;
  app.get('/version', { config: { etag: version } }, (request) => {
    handled.push(request.url);
    return body;
  });
  app.get('/mine', (request) => `for ${request.headers.authorization ?? 'all'}`);
  await app.listen({ port: 0, host: '127.0.0.1' });
  nginx = await startNginx((app.server.address() as AddressInfo).port);
});

afterAll(async () => {
  await nginx?.close();
  await app?.close();
});

beforeEach(() => {
  handled = [];
  answered = [];
});

const ask = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  rawRequest(nginx.port, 'GET', path, headers);

describe('behind a real nginx', () => {
  it('a cached answer is sent without the origin, and its 304 too', async () => {
    const first = await ask('/coded');
    const second = await ask('/coded');
    const again = await ask('/coded', { 'if-none-match': first.headers.etag! });

    expect([first, second, again].map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'HIT', 'HIT']);
    expect([second.status, second.body, again.status, again.body]).toEqual([200, body, 304, '']);
    expect(again.headers).toMatchObject({ etag: first.headers.etag, 'cache-control': 'public, max-age=60' });
    expect(answered).toEqual([200]);
  });

  it('each coding is kept apart by Vary, with its own tag', async () => {
    const identity = await ask('/coded');
    const gzip = await ask('/coded', { 'accept-encoding': 'gzip' });
    const repeated = await ask('/coded', { 'accept-encoding': 'gzip' });
    const again = await ask('/coded', { 'accept-encoding': 'gzip', 'if-none-match': gzip.headers.etag! });

    expect(gunzipSync(Buffer.from(gzip.body, 'latin1')).toString()).toBe(body);
    expect(gzip.headers.etag).not.toBe(identity.headers.etag);
    expect([repeated.headers['x-cache'], repeated.body]).toEqual(['HIT', gzip.body]);
    expect(again.status).toBe(304);
    expect((await ask('/coded')).body).toBe(body);
  });

  it.each(['/made', '/version'])(
    'an expired %s is revalidated by the cache with one 304 from the origin',
    async (path) => {
      await ask(path);
      handled = [];
      answered = [];

      let expired: RawAnswer | undefined;
      await until(async () => (expired = await ask(path)).headers['x-cache'] === 'REVALIDATED', {
        label: 'the copy expires',
      });

      expect([expired?.status, expired?.body]).toEqual([200, body]);
      expect(answered).toEqual([304]);
      expect(handled).toEqual([]);
    },
  );

  it('a tag that nginx weakened while it compressed still gives a 304', async () => {
    const gzip = await ask('/gzip/auto', { 'accept-encoding': 'gzip' });
    const again = await ask('/gzip/auto', { 'accept-encoding': 'gzip', 'if-none-match': gzip.headers.etag! });

    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gzip.headers.etag).toBe(`W/${computeEtag(body)}`);
    expect([again.status, again.body]).toEqual([304, '']);
    expect(answered).toEqual([200, 304]);
  });

  it('an answer to Authorization is not shared', async () => {
    const one = await ask('/mine', { authorization: 'one' });
    const other = await ask('/mine', { authorization: 'other' });

    expect([one.body, other.body]).toEqual(['for one', 'for other']);
    expect([one.headers['x-cache'], other.headers['x-cache']]).toEqual(['MISS', 'MISS']);
    expect(one.headers['cache-control']).toBe('private');
  });
});
