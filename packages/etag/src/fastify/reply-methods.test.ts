import { describe, expect, it } from 'vitest';
import { appWith, get } from '../../tests/support/fastify-app.ts';
import { createRepresentation } from '../index.ts';

describe('reply.checkPreconditions', () => {
  it('answers in the handler, or sets the validators', async () => {
    const app = await appWith((instance) => {
      instance.get('/', (_request, reply) => (reply.checkPreconditions({ etag: '"7"' }) ? reply : reply.send('body')));
    });

    const full = await get(app, '/');
    const again = await get(app, '/', { 'if-none-match': '"7"' });

    expect([full.statusCode, full.body, full.headers.etag]).toEqual([200, 'body', '"7"']);
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', '"7"']);
  });

  it('counts for nothing while the status is not 2xx', async () => {
    const app = await appWith((instance) => {
      instance.get('/', (_request, reply) =>
        reply.code(404).checkPreconditions({ etag: '"7"' }) ? reply : reply.send('none'),
      );
    });

    expect((await get(app, '/', { 'if-none-match': '*' })).statusCode).toBe(404);
  });
});

describe('reply.sendRepresentation', () => {
  it('sends 200, 304, 206 and 412 from bytes made once', async () => {
    const made = await createRepresentation('x'.repeat(2_000), {
      cacheControl: 'public, max-age=15',
      encodings: ['gzip'],
    });
    const app = await appWith(
      (instance) => void instance.get('/', (_request, reply) => reply.sendRepresentation(made)),
    );

    const full = await get(app, '/');
    const gzip = await get(app, '/', { 'accept-encoding': 'gzip' });
    const again = await get(app, '/', { 'accept-encoding': 'gzip', 'if-none-match': gzip.headers.etag as string });

    expect(full.headers).toMatchObject({ etag: made.etag, 'content-length': '2000', vary: 'accept-encoding' });
    expect(gzip.headers).toMatchObject({
      'content-encoding': 'gzip',
      etag: made.encodings[0]!.etag,
      vary: 'accept-encoding',
    });
    expect(gzip.rawPayload.equals(made.encodings[0]!.body)).toBe(true);
    expect(again.statusCode).toBe(304);
    expect(again.headers).toMatchObject({
      etag: gzip.headers.etag,
      vary: 'accept-encoding',
      'cache-control': 'public, max-age=15',
    });
    expect((await get(app, '/', { range: 'bytes=0-2' })).body).toBe('xxx');
    expect((await get(app, '/', { range: 'bytes=9999-' })).statusCode).toBe(416);
    expect((await get(app, '/', { 'if-match': '"x"' })).statusCode).toBe(412);
    const head = await get(app, '/', {}, 'HEAD');
    expect([head.body, head.headers['content-length']]).toEqual(['', '2000']);
    const headAgain = await get(app, '/', { 'if-none-match': '*' }, 'HEAD');
    expect([headAgain.statusCode, headAgain.headers['content-length']]).toEqual([304, undefined]);
  });

  it('keeps a status and fields that were set before, and merges Vary', async () => {
    const made = await createRepresentation('gone', { encodings: ['gzip'] });
    const app = await appWith((instance) => {
      instance.get('/', (_request, reply) =>
        reply.code(404).header('vary', 'Origin').header('x-a', '1').sendRepresentation(made),
      );
    });

    const answer = await get(app, '/', { 'if-none-match': '*' });

    expect([answer.statusCode, answer.body]).toEqual([404, 'gone']);
    expect(answer.headers).toMatchObject({ vary: 'Origin, accept-encoding', 'x-a': '1' });
  });
});

describe('Cache-Control', () => {
  const authorization = 'Bearer x';

  it('is private for a request with Authorization and no policy of its own, on the 304 too', async () => {
    const made = await createRepresentation('text');
    const app = await appWith((instance) => {
      instance.get('/', () => 'text');
      instance.get('/version', { config: { etag: { version: () => ({ etag: '"1"' }) } } }, () => 'text');
      instance.get('/made', (_request, reply) => reply.sendRepresentation(made));
      instance.get('/check', (_request, reply) =>
        reply.checkPreconditions({ etag: '"1"' }) ? reply : reply.send('text'),
      );
    });
    for (const url of ['/', '/version', '/made', '/check']) {
      for (const headers of [{ authorization }, { authorization, 'if-none-match': '*' }]) {
        expect((await get(app, url, headers)).headers['cache-control']).toBe('private');
      }
      expect((await get(app, url)).headers['cache-control']).toBeUndefined();
    }
  });

  it('is the answer’s own where it has one, then the route’s, then the plugin’s', async () => {
    const made = await createRepresentation('text', { cacheControl: 'public, max-age=1' });
    const app = await appWith(
      (instance) => {
        instance.get('/', () => 'text');
        instance.get('/own', (_request, reply) => reply.header('cache-control', 'public, max-age=2').send('text'));
        instance.get('/route', { config: { etag: { cacheControl: 'public, max-age=3' } } }, () => 'text');
        instance.get('/made', (_request, reply) => reply.sendRepresentation(made));
      },
      { cacheControl: { noCache: true } },
    );
    const policy = async (url: string, headers = {}) => (await get(app, url, headers)).headers['cache-control'];

    expect(await policy('/')).toBe('no-cache');
    expect(await policy('/', { authorization })).toBe('private');
    for (const headers of [{}, { authorization }]) {
      expect(await policy('/own', headers)).toBe('public, max-age=2');
      expect(await policy('/route', headers)).toBe('public, max-age=3');
      expect(await policy('/made', headers)).toBe('public, max-age=1');
    }
  });
});
