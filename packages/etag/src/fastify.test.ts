import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { appWith, get } from '../tests/support/fastify-app.ts';
import fastifyDefault, { etagPlugin } from './fastify.ts';
import { computeEtag, createRepresentation, type EtagEvent } from './index.ts';

describe('registration', () => {
  it('acts on the routes of the registering context and within, also on those declared before it was loaded', async () => {
    const app = Fastify();
    app.register(fastifyDefault);
    app.get('/', () => 'text');
    app.register((child, _options, done) => {
      child.get('/child', () => 'text');
      done();
    });

    expect((await get(app, '/')).headers.etag).toBe(computeEtag('text'));
    expect((await get(app, '/child')).headers.etag).toBe(computeEtag('text'));
  });

  it('stays within the context in which it is registered', async () => {
    const app = Fastify();
    app.register(async (child) => {
      await child.register(etagPlugin);
      child.get('/child', () => 'text');
    });
    app.get('/', () => 'text');

    expect((await get(app, '/')).headers.etag).toBeUndefined();
    expect((await get(app, '/child')).headers.etag).toBe(computeEtag('text'));
  });

  it('takes other options for an inner context', async () => {
    const app = await appWith((instance) => {
      instance.get('/', () => 'text');
      instance.register(async (child) => {
        await child.register(etagPlugin, { weak: true });
        child.get('/child', () => 'text');
      });
    });

    expect((await get(app, '/')).headers.etag).toBe(computeEtag('text'));
    expect((await get(app, '/child')).headers.etag).toBe(computeEtag('text', { weak: true }));
  });

  it('is refused twice in one context, and with wrong options', async () => {
    const twice = await appWith(() => {});
    await expect(twice.register(etagPlugin)).rejects.toThrow('etagPlugin: registered twice in one Fastify context');
    for (const [options, message] of [
      [{ auto: 1 }, 'auto: expected a boolean, got number'],
      [{ length: 7 }, 'length: expected an integer from 8 to 43, got 7'],
      [{ hash: 'md5' }, 'hash: expected a function, got string'],
      [{ onEvent: {} }, 'onEvent: expected a function, got object'],
      [{ cacheControl: { noStore: true, maxAge: 1 } }, 'noStore contradicts maxAge'],
    ] as const) {
      await expect(Fastify().register(etagPlugin, options as never)).rejects.toThrow(message);
    }
  });
});

describe('what happened', () => {
  it('is counted, told to onEvent and published, and a listener that throws breaks nothing', async () => {
    const told: EtagEvent[] = [];
    const published: unknown[] = [];
    const listener = (event: unknown): void => void published.push(event);
    subscribe('corral:etag', listener);
    const app = await appWith(
      (instance) => {
        instance.get('/', () => 'text');
        instance.get('/version', { config: { etag: { version: () => ({ etag: '"1"' }) } } }, () => 'text');
      },
      {
        onEvent: (event) => {
          told.push(event);
          throw new Error('listener');
        },
      },
    );
    const statuses: number[] = [];
    for (const [url, headers] of [
      ['/', {}],
      ['/', { 'if-none-match': '*' }],
      ['/', { 'if-match': '"x"' }],
      ['/version', { 'if-none-match': '"1"' }],
    ] as const) {
      statuses.push((await get(app, url, headers)).statusCode);
    }
    unsubscribe('corral:etag', listener);

    expect(statuses).toEqual([200, 304, 412, 304]);
    expect(told).toEqual([
      { type: 'full', source: 'auto', savedBytes: 0 },
      { type: 'not-modified', source: 'auto', savedBytes: 4 },
      { type: 'precondition-failed', source: 'auto', savedBytes: 0 },
      { type: 'not-modified', source: 'version', savedBytes: 0 },
    ]);
    expect(published).toEqual(told);
    const stats = app.etagStats();
    expect(stats).toEqual({ full: 1, notModified: 2, beforeHandler: 1, preconditionFailed: 1, savedBytes: 4 });
    expect(Object.isFrozen(stats)).toBe(true);
  });

  it('counts no representation that is the result of a POST or the page of an error', async () => {
    const made = await createRepresentation('x');
    const app = await appWith((instance) => {
      instance.get('/', (_request, reply) => reply.sendRepresentation(made));
      instance.post('/', (_request, reply) => reply.sendRepresentation(made));
      instance.get('/gone', (_request, reply) => reply.code(410).sendRepresentation(made));
    });

    const statuses = [await get(app, '/'), await get(app, '/', {}, 'POST'), await get(app, '/gone')];

    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 410]);
    expect(app.etagStats().full).toBe(1);
  });
});
