import { Readable } from 'node:stream';
import cors from '@fastify/cors';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { appWith, get } from '../../tests/support/fastify-app.ts';
import { etagPlugin } from '../fastify.ts';
import { computeEtag } from '../index.ts';

describe('automatic tags', () => {
  it('tags JSON, text and bytes by what is sent, and answers the next request with 304', async () => {
    const app = await appWith((instance) => {
      instance.get('/json', () => ({ a: 1 }));
      instance.get('/text', () => 'text');
      instance.get('/bytes', () => Buffer.from('bytes'));
    });
    for (const [url, body] of [
      ['/json', '{"a":1}'],
      ['/text', 'text'],
      ['/bytes', 'bytes'],
    ] as const) {
      const full = await get(app, url);
      const again = await get(app, url, { 'if-none-match': `"other", W/${full.headers.etag as string}` });

      expect(full.headers.etag).toBe(computeEtag(body));
      expect(again.statusCode).toBe(304);
      expect(again.body).toBe('');
      expect(again.headers.etag).toBe(full.headers.etag);
      expect(again.headers).not.toHaveProperty('content-type');
      expect(again.headers).not.toHaveProperty('content-length');
    }
  });

  it('gives HEAD what GET has, and its 304 no length', async () => {
    const app = await appWith((instance) => void instance.get('/', () => 'text'));
    const head = await get(app, '/', {}, 'HEAD');
    const again = await get(app, '/', { 'if-none-match': '*' }, 'HEAD');

    expect(head.headers).toMatchObject({ etag: computeEtag('text'), 'content-length': '4' });
    expect(again.statusCode).toBe(304);
    expect(again.headers).not.toHaveProperty('content-length');
  });

  it('leaves errors, redirects and unsafe methods alone', async () => {
    let posts = 0;
    const app = await appWith((instance) => {
      instance.get('/404', (_request, reply) => reply.code(404).send('missing'));
      instance.get('/500', () => {
        throw new Error('broken');
      });
      instance.get('/301', (_request, reply) => reply.redirect('/', 301));
      instance.post('/', () => `post ${++posts}`);
    });
    for (const [url, status] of [
      ['/404', 404],
      ['/500', 500],
      ['/301', 301],
      ['/none', 404],
    ] as const) {
      const answer = await get(app, url, { 'if-none-match': '*' });
      expect(answer.statusCode).toBe(status);
      expect(answer.headers).not.toHaveProperty('etag');
    }
    const post = await get(app, '/', { 'if-none-match': '*' }, 'POST');
    expect([post.statusCode, post.body, post.headers.etag]).toEqual([200, 'post 1', undefined]);
  });

  it('leaves streams, empty answers and what must not be stored without a tag', async () => {
    const app = await appWith((instance) => {
      instance.get('/stream', () => Readable.from(['a', 'b']));
      instance.get('/204', (_request, reply) => reply.code(204).send());
      instance.get('/no-store', (_request, reply) => reply.header('cache-control', 'no-store').send('secret'));
      instance.get('/partial', (_request, reply) => reply.code(206).header('content-range', 'bytes 0-0/2').send('a'));
    });
    for (const [url, body] of [
      ['/stream', 'ab'],
      ['/204', ''],
      ['/no-store', 'secret'],
      ['/partial', 'a'],
    ] as const) {
      const answer = await get(app, url, { 'if-none-match': '"x"' });
      expect(answer.headers).not.toHaveProperty('etag');
      expect(answer.body).toBe(body);
    }
  });

  it('never replaces a given tag, and closes the stream that a 304 does not send', async () => {
    let stream: Readable | undefined;
    const app = await appWith((instance) => {
      instance.get('/', (_request, reply) => reply.header('etag', '"mine"').send('text'));
      instance.get('/stream', (_request, reply) => {
        stream = Readable.from(['a']);
        return reply.header('etag', '"mine"').send(stream);
      });
    });

    expect((await get(app, '/')).headers.etag).toBe('"mine"');
    expect((await get(app, '/', { 'if-none-match': '"mine"' })).statusCode).toBe(304);
    expect((await get(app, '/stream', { 'if-none-match': '"mine"' })).statusCode).toBe(304);
    expect(stream?.destroyed).toBe(true);
    expect((await get(app, '/stream', { 'if-none-match': '"other"' })).body).toBe('a');
  });

  it('keeps cookies, CORS and Vary on the 304', async () => {
    const app = Fastify();
    await app.register(cors, { origin: ['https://a.example', 'https://b.example'] });
    await app.register(etagPlugin);
    app.get('/', (_request, reply) => reply.header('set-cookie', ['a=1', 'b=2']).send('text'));

    const answer = await get(app, '/', { origin: 'https://a.example', 'if-none-match': computeEtag('text') });

    expect(answer.statusCode).toBe(304);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      vary: 'Origin',
      'set-cookie': ['a=1', 'b=2'],
    });
  });

  it('makes a 412 that no cache can take for the 200', async () => {
    const app = await appWith((instance) => {
      instance.get('/', (_request, reply) => reply.header('cache-control', 'public, max-age=60').send('text'));
    });
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await get(app, '/', { 'if-match': '"x"' }, method);
      expect(answer.statusCode).toBe(412);
      expect(answer.body).toBe('');
      for (const name of ['cache-control', 'etag', 'content-type']) expect(answer.headers).not.toHaveProperty(name);
    }
  });

  it('takes auto, weak, length and hash, for the app and for a route', async () => {
    const app = await appWith(
      (instance) => {
        instance.get('/', () => 'text');
        instance.get('/strong', { config: { etag: { weak: false } } }, () => 'text');
        instance.get('/off', { config: { etag: { auto: false } } }, () => 'text');
        instance.get('/false', { config: { etag: false } }, () => 'text');
      },
      { weak: true, length: 8 },
    );
    const hashed = await appWith((instance) => void instance.get('/', () => 'text'), {
      hash: (bytes) => `n${bytes.length}`,
    });
    const off = await appWith((instance) => void instance.get('/', () => 'text'), { auto: false });

    expect((await get(app, '/')).headers.etag).toBe(computeEtag('text', { weak: true, length: 8 }));
    expect((await get(app, '/strong')).headers.etag).toBe(computeEtag('text', { length: 8 }));
    expect((await get(app, '/off')).headers.etag).toBeUndefined();
    expect((await get(app, '/false')).headers.etag).toBeUndefined();
    expect((await get(hashed, '/')).headers.etag).toBe('"n4"');
    expect((await get(off, '/')).headers.etag).toBeUndefined();
  });
});
