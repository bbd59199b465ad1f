import { gunzipSync } from 'node:zlib';
import compress from '@fastify/compress';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { etagPlugin } from './fastify.ts';
import { computeEtag, createRepresentation } from './index.ts';

const body = 'compress me '.repeat(500);

async function appIn(order: 'etag first' | 'compress first'): Promise<FastifyInstance> {
  const made = await createRepresentation(body, { contentType: 'text/plain' });
  const ready = await createRepresentation(body, { contentType: 'text/plain', encodings: ['gzip'] });
  const app = Fastify();
  const compressor = () => app.register(compress, { threshold: 0 });
  if (order === 'compress first') await compressor();
  await app.register(etagPlugin);
  if (order === 'etag first') await compressor();
  app.get('/auto', () => body);
  app.get('/made', (_request, reply) => reply.sendRepresentation(made));
  app.get('/ready', (_request, reply) => reply.sendRepresentation(ready));
  app.get('/plain', { compress: false }, () => body);
  return app;
}

describe.each(['etag first', 'compress first'] as const)('with @fastify/compress, %s', (order) => {
  it.each(['/auto', '/made'])(
    '%s has one weak tag for all codings, and Vary on identity, gzip and 304',
    async (url) => {
      const app = await appIn(order);
      const identity = await app.inject({ url });
      const gzip = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } });

      expect(identity.body).toBe(body);
      expect(gunzipSync(gzip.rawPayload).toString()).toBe(body);
      expect(gzip.headers['content-encoding']).toBe('gzip');
      for (const answer of [identity, gzip]) {
        expect(answer.headers).toMatchObject({ etag: computeEtag(body, { weak: true }), vary: 'accept-encoding' });
      }
      for (const method of ['GET', 'HEAD'] as const) {
        const headers = { 'accept-encoding': 'gzip', 'if-none-match': gzip.headers.etag as string };
        const again = await app.inject({ method, url, headers });
        expect(again.statusCode).toBe(304);
        expect(again.headers).toMatchObject({ etag: gzip.headers.etag, vary: 'accept-encoding' });
        expect(again.headers).not.toHaveProperty('content-encoding');
        expect(again.headers).not.toHaveProperty('content-length');
      }
    },
  );

  it('leaves what was compressed ahead as it is, with its strong tag', async () => {
    const app = await appIn(order);
    const gzip = await app.inject({ url: '/ready', headers: { 'accept-encoding': 'gzip' } });

    expect(gzip.headers.etag).toBe(computeEtag(gzip.rawPayload, { encoding: 'gzip' }));
    expect(gunzipSync(gzip.rawPayload).toString()).toBe(body);
  });

  it('keeps a strong tag on a route that is not compressed', async () => {
    const app = await appIn(order);

    expect((await app.inject({ url: '/plain', headers: { 'accept-encoding': 'gzip' } })).headers.etag).toBe(
      computeEtag(body),
    );
  });
});
