import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { appWith, get } from '../../tests/support/fastify-app.ts';
import { etagPlugin } from '../fastify.ts';
import { computeEtag, versionEtag } from '../index.ts';

describe('route versions', () => {
  const version = () => ({ etag: versionEtag(7), lastModified: new Date('2025-10-01T12:00:00Z') });

  it('answer before the handler runs, with the fields that the 200 has', async () => {
    let handled = 0;
    const etag = {
      version,
      cacheControl: { visibility: 'public', maxAge: 15 },
      headers: { vary: 'accept-language' },
    } as const;
    const app = await appWith((instance) => void instance.get('/', { config: { etag } }, () => `body ${++handled}`));

    const full = await get(app, '/');
    const again = await get(app, '/', { 'if-none-match': versionEtag(7) });
    const head = await get(app, '/', { 'if-none-match': versionEtag(7) }, 'HEAD');

    expect(handled).toBe(1);
    expect([full.statusCode, again.statusCode, head.statusCode]).toEqual([200, 304, 304]);
    const shared = { etag: versionEtag(7), 'cache-control': 'public, max-age=15', vary: 'accept-language' };
    expect(full.headers).toMatchObject({ ...shared, 'last-modified': 'Wed, 01 Oct 2025 12:00:00 GMT' });
    expect(again.headers).toMatchObject(shared);
    expect(again.headers).not.toHaveProperty('last-modified');
    expect(head.headers).not.toHaveProperty('content-length');
  });

  it('refuse an unsafe request with 412 before it is performed, and say nothing about its own answer', async () => {
    let performed = 0;
    const app = await appWith((instance) => {
      instance.put(
        '/',
        { config: { etag: { version: () => Promise.resolve({ etag: '"7"' }) } } },
        () => `done ${++performed}`,
      );
    });

    const stale = await get(app, '/', { 'if-match': '"6"' }, 'PUT');
    const fresh = await get(app, '/', { 'if-match': '"7"' }, 'PUT');

    expect([stale.statusCode, fresh.statusCode, performed]).toEqual([412, 200, 1]);
    expect(fresh.headers).not.toHaveProperty('etag');
  });

  it('come after the authentication of the route, wherever the route is declared', async () => {
    const route = {
      config: { etag: { version } },
      preHandler: async (request: { headers: Record<string, unknown> }) => {
        if (request.headers.authorization === undefined) throw Object.assign(new Error('no'), { statusCode: 401 });
      },
    };
    const app = Fastify();
    app.register(etagPlugin); // loaded later: the next route is declared before that
    app.get('/before', route, () => 'body');
    app.after(() => void app.get('/after', route, () => 'body'));

    for (const url of ['/before', '/after']) {
      for (let attempt = 0; attempt < 3; attempt++) {
        const stranger = await get(app, url, { 'if-none-match': '*' });
        const known = await get(app, url, { 'if-none-match': '*', authorization: 'x' });
        expect([stranger.statusCode, known.statusCode]).toEqual([401, 304]);
      }
    }
  });

  it('count for a route that was declared before the plugin was loaded', async () => {
    let handled = 0;
    const app = Fastify();
    app.register(etagPlugin);
    app.get('/', { config: { etag: { version } } }, () => `body ${++handled}`);

    expect((await get(app, '/', { 'if-none-match': versionEtag(7) })).statusCode).toBe(304);
    expect((await get(app, '/', { 'if-none-match': versionEtag(7) })).statusCode).toBe(304);
    expect(handled).toBe(0);
  });

  it('decide nothing when there is none, and pass on what they throw', async () => {
    const app = await appWith((instance) => {
      instance.get('/none', { config: { etag: { version: () => undefined } } }, () => 'body');
      instance.get('/null', { config: { etag: { version: () => Promise.resolve(null) } } }, () => 'body');
      const broken = new Error('no database');
      instance.get(
        '/throws',
        {
          config: {
            etag: {
              version: () => {
                throw broken;
              },
            },
          },
        },
        () => 'body',
      );
      instance.get('/rejects', { config: { etag: { version: () => Promise.reject(broken) } } }, () => 'body');
      instance.get('/gone', { config: { etag: { version } } }, (_request, reply) => reply.code(404).send('gone'));
    });

    for (const url of ['/none', '/null']) {
      const answer = await get(app, url, { 'if-none-match': '"x"' });
      expect([answer.statusCode, answer.headers.etag]).toEqual([200, computeEtag('body')]);
    }
    for (const url of ['/throws', '/rejects']) {
      const answer = await get(app, url, { 'if-none-match': '*' });
      expect(answer.json()).toMatchObject({ statusCode: 500, message: 'no database' });
    }
    expect((await get(app, '/gone')).headers).not.toHaveProperty('etag');
  });

  it('are checked when the route is declared', async () => {
    const app = await appWith(() => {});

    expect(() => app.get('/', { config: { etag: { version: 7 as never } } }, () => '')).toThrow(
      'config.etag.version: expected a function, got number',
    );
    expect(() => app.get('/', { config: { etag: { cacheControl: { maxAge: -1 } } } }, () => '')).toThrow(RangeError);
    expect(() => app.get('/', { config: { etag: { headers: 'vary' as never } } }, () => '')).toThrow(
      'config.etag.headers: expected an object, got string',
    );
  });

  it('take a field that is explicitly undefined for one that is not there', async () => {
    const headers = { vary: undefined as never, 'x-kept': 'yes' };
    const app = await appWith((instance) => void instance.get('/', { config: { etag: { headers } } }, () => 'body'));

    const answer = await get(app, '/');

    expect([answer.statusCode, answer.headers['x-kept']]).toEqual([200, 'yes']);
    expect(answer.headers).not.toHaveProperty('vary');
  });
});
