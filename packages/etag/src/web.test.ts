import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { computeEtag, createRepresentation, type EtagEvent } from './index.ts';
import { conditional, representationToResponse } from './web.ts';

const request = (headers: Record<string, string> = {}, method = 'GET') =>
  new Request('http://test/', { method, headers });
const tagged = ({
  headers = {},
  ...init
}: { status?: number; statusText?: string; headers?: Record<string, string> } = {}) =>
  new Response('body', { ...init, headers: { etag: '"1"', 'content-type': 'text/plain', ...headers } });

describe('conditional', () => {
  it('answers with the response, or with its 304 without the content fields', async () => {
    const headers = {
      vary: 'origin',
      'access-control-allow-origin': '*',
      'last-modified': 'Wed, 01 Oct 2025 12:00:00 GMT',
    };
    const full = await conditional(request(), tagged({ headers }));
    const again = await conditional(request({ 'if-none-match': '"1"' }), () => tagged({ headers }));

    expect([full.status, await full.text(), full.headers.get('etag')]).toEqual([200, 'body', '"1"']);
    expect(again.status).toBe(304);
    expect(again.body).toBeNull();
    expect(Object.fromEntries(again.headers)).toEqual({
      etag: '"1"',
      vary: 'origin',
      'access-control-allow-origin': '*',
    });
  });

  it('decides by current before the work, and does not call the function', async () => {
    let calls = 0;
    const work = () => {
      calls++;
      return new Response('done');
    };
    const current = { etag: '"1"' };
    const headers = { 'cache-control': 'public, max-age=15' };

    const again = await conditional(request({ 'if-none-match': '"1"' }), work, { current, headers });
    const refused = await conditional(request({ 'if-match': '"0"' }, 'PUT'), work, {
      current: () => Promise.resolve(current),
    });

    expect([again.status, again.headers.get('etag'), again.headers.get('cache-control')]).toEqual([
      304,
      '"1"',
      'public, max-age=15',
    ]);
    expect(refused.status).toBe(412);
    expect(calls).toBe(0);
    const performed = await conditional(request({ 'if-match': '"1"' }, 'PUT'), work, { current });
    expect([performed.status, performed.headers.get('etag'), calls]).toEqual([200, null, 1]);
    const full = await conditional(request(), work, { current, headers });
    expect([full.headers.get('etag'), full.headers.get('cache-control')]).toEqual(['"1"', 'public, max-age=15']);
  });

  it('replaces neither errors nor answers to unsafe methods', async () => {
    const missing = tagged({ status: 404 });
    const posted = tagged();

    expect(await conditional(request({ 'if-none-match': '*' }), missing)).toBe(missing);
    expect(await conditional(request({ 'if-none-match': '*' }, 'POST'), posted)).toBe(posted);
  });

  it('passes a stream untouched, and cancels one that a 304 does not send', async () => {
    let cancelled = 0;
    const stream = () =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array([65])),
        cancel: () => void cancelled++,
      });
    const live = await conditional(request({ 'if-none-match': '"1"' }), new Response(stream()));
    const reader = live.body!.getReader();

    expect((await reader.read()).value).toEqual(new Uint8Array([65]));
    expect(live.headers.has('etag')).toBe(false);
    await reader.cancel();
    expect(cancelled).toBe(1);
    const again = await conditional(
      request({ 'if-none-match': '"1"' }),
      new Response(stream(), { headers: { etag: '"1"' } }),
    );
    expect([again.status, cancelled]).toEqual([304, 2]);
  });

  it('tags by the bytes with auto', async () => {
    const full = await conditional(request(), new Response('body'), { auto: true });
    const again = await conditional(request({ 'if-none-match': computeEtag('body') }), new Response('body'), {
      auto: true,
      weak: true,
    });

    expect([full.headers.get('etag'), await full.text()]).toEqual([computeEtag('body'), 'body']);
    expect([again.status, again.headers.get('etag')]).toEqual([304, computeEtag('body', { weak: true })]);
  });

  it('gives HEAD the fields without the body', async () => {
    const head = await conditional(request({}, 'HEAD'), tagged({ headers: { 'content-length': '4' } }));

    expect([head.status, head.body, head.headers.get('content-length')]).toEqual([200, null, '4']);
  });

  it('publishes each answer to a GET or HEAD, and none to a POST', async () => {
    const types: unknown[] = [];
    const take = (event: unknown): void => void types.push((event as EtagEvent).type);
    subscribe('corral:etag', take);
    const made = await createRepresentation('x');
    for (const method of ['GET', 'HEAD', 'POST']) {
      await conditional(request({}, method), tagged());
      representationToResponse(request({}, method), made);
    }
    unsubscribe('corral:etag', take);

    expect(types).toEqual(['full', 'full', 'full', 'full']);
  });

  it('keeps several cookies, status and status text', async () => {
    const response = tagged({ status: 203, statusText: 'Changed' });
    response.headers.append('set-cookie', 'a=1');
    response.headers.append('set-cookie', 'b=2');

    const full = await conditional(request(), response);

    expect([full.status, full.statusText, full.headers.getSetCookie()]).toEqual([203, 'Changed', ['a=1', 'b=2']]);
  });

  it('makes the answer to Authorization private unless it says otherwise', async () => {
    const authorization = 'Bearer x';
    const policy = async (headers: Record<string, string>, own?: string) =>
      (
        await conditional(request(headers), tagged(own === undefined ? {} : { headers: { 'cache-control': own } }))
      ).headers.get('cache-control');

    expect(await policy({ authorization })).toBe('private');
    expect(await policy({ authorization, 'if-none-match': '*' })).toBe('private');
    expect(await policy({ authorization }, 'public')).toBe('public');
    expect(await policy({})).toBeNull();
  });
});

describe('representationToResponse', () => {
  it('answers 200, 304, 206, 412 and 416, with the negotiated coding', async () => {
    const made = await createRepresentation('x'.repeat(1_000), { encodings: ['gzip'], cacheControl: 'no-cache' });
    const gzip = representationToResponse(request({ 'accept-encoding': 'gzip' }), made);

    expect(await representationToResponse(request(), made).text()).toBe('x'.repeat(1_000));
    expect(Buffer.from(await gzip.arrayBuffer()).equals(made.encodings[0]!.body)).toBe(true);
    const ask = (headers: Record<string, string>, method?: string) =>
      representationToResponse(request(headers, method), made);
    expect(ask({ 'if-none-match': made.etag }).status).toBe(304);
    expect(Object.fromEntries(ask({ 'if-none-match': made.etag }).headers)).toEqual({
      'cache-control': 'no-cache',
      etag: made.etag,
      vary: 'accept-encoding',
    });
    expect(await ask({ range: 'bytes=0-1' }).text()).toBe('xx');
    expect(ask({ 'if-match': '"0"' }).status).toBe(412);
    expect(ask({ range: 'bytes=1000-' }).headers.get('content-range')).toBe('bytes */1000');
    expect([ask({}, 'HEAD').body, ask({}, 'HEAD').headers.get('content-length')]).toEqual([null, '1000']);
    const bare = await createRepresentation('x');
    expect(representationToResponse(request({ authorization: 'x' }), bare).headers.get('cache-control')).toBe(
      'private',
    );
  });
});
