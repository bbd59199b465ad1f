import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { rawRequest } from '../tests/support/raw-http.ts';
import { createRepresentation } from './index.ts';
import { checkPreconditions, sendRepresentation } from './node.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

const noon = 'Wed, 01 Oct 2025 12:00:00 GMT';

describe('sendRepresentation', () => {
  it('sends what is asked for, and returns its status', async () => {
    const made = await createRepresentation('x'.repeat(1_000), {
      encodings: ['gzip'],
      cacheControl: 'public, max-age=15',
    });
    const statuses: number[] = [];
    const port = await serve((req, res) => {
      res.setHeader('access-control-allow-origin', '*');
      res.setHeader('vary', 'Origin');
      res.setHeader('content-type', 'text/html');
      statuses.push(sendRepresentation(req, res, made));
    });

    const full = await rawRequest(port, 'GET', '/', {});
    const again = await rawRequest(port, 'GET', '/', { 'if-none-match': made.etag });
    const head = await rawRequest(port, 'HEAD', '/', {});
    const part = await rawRequest(port, 'GET', '/', { range: 'bytes=0-1' });
    const refused = await rawRequest(port, 'GET', '/', { 'if-match': '"0"' });
    const beyond = await rawRequest(port, 'GET', '/', { range: 'bytes=1000-' });

    expect(statuses).toEqual([200, 304, 200, 206, 412, 416]);
    expect([full.body.length, head.body, part.body, again.body, refused.body]).toEqual([1_000, '', 'xx', '', '']);
    expect(full.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      vary: 'Origin, accept-encoding',
    });
    expect(again.headers).toMatchObject({
      vary: 'Origin, accept-encoding',
      'access-control-allow-origin': '*',
      etag: made.etag,
    });
    for (const name of ['content-type', 'content-length', 'transfer-encoding'])
      expect(again.headers).not.toHaveProperty(name);
    expect(head.headers['content-length']).toBe('1000');
    expect(beyond.headers['content-range']).toBe('bytes */1000');
    for (const { headers } of [refused, beyond]) expect(headers).not.toHaveProperty('cache-control');
  });

  it('keeps a status that was set before, and then ignores the conditions', async () => {
    const made = await createRepresentation('gone');
    const port = await serve((req, res) => {
      res.statusCode = 410;
      sendRepresentation(req, res, made);
    });

    expect(await rawRequest(port, 'GET', '/', { 'if-none-match': '*' })).toMatchObject({ status: 410, body: 'gone' });
  });

  it('is private for Authorization unless the representation or the answer says otherwise', async () => {
    const made = await createRepresentation('x');
    const own = await createRepresentation('x', { cacheControl: 'public, max-age=1' });
    const port = await serve((req, res) => {
      if (req.url === '/set') res.setHeader('cache-control', 'no-cache');
      sendRepresentation(req, res, req.url === '/own' ? own : made);
    });
    const policy = async (path: string, headers = {}) =>
      (await rawRequest(port, 'GET', path, headers)).headers['cache-control'];

    expect(await policy('/', { authorization: 'x' })).toBe('private');
    expect(await policy('/', { authorization: 'x', 'if-none-match': '*' })).toBe('private');
    expect(await policy('/own', { authorization: 'x' })).toBe('public, max-age=1');
    expect(await policy('/set', { authorization: 'x' })).toBe('no-cache');
    expect(await policy('/')).toBeUndefined();
  });
});

describe('checkPreconditions', () => {
  it('answers before the work, or sets the validators', async () => {
    let worked = 0;
    const port = await serve((req, res) => {
      if (checkPreconditions(req, res, { etag: '"1"', lastModified: noon })) return;
      worked++;
      res.end('body');
    });

    const full = await rawRequest(port, 'GET', '/', {});
    const again = await rawRequest(port, 'GET', '/', { 'if-modified-since': noon });
    const refused = await rawRequest(port, 'PUT', '/', { 'if-match': '"0"' });
    const performed = await rawRequest(port, 'PUT', '/', { 'if-match': '"1"' });

    expect([full, again, refused, performed].map(({ status }) => status)).toEqual([200, 304, 412, 200]);
    expect(worked).toBe(2);
    expect(full.headers).toMatchObject({ etag: '"1"', 'last-modified': noon });
    expect(again.headers.etag).toBe('"1"');
    expect(performed.headers).not.toHaveProperty('etag');
  });

  it('says nothing of a last change that is no time', async () => {
    const port = await serve((req, res) => {
      if (!checkPreconditions(req, res, { etag: '"1"', lastModified: Infinity })) res.end('body');
    });

    const full = await rawRequest(port, 'GET', '/', {});

    expect([full.status, full.headers.etag]).toEqual([200, '"1"']);
    expect(full.headers).not.toHaveProperty('last-modified');
  });

  // Node keeps the first of several lines, which would make a list of dates look like one.
  it('ignores a date that stands on two lines', async () => {
    const port = await serve((req, res) => {
      if (!checkPreconditions(req, res, { lastModified: noon })) res.end('body');
    });

    expect((await rawRequest(port, 'GET', '/', { 'if-modified-since': [noon, noon] })).status).toBe(200);
    expect(
      (await rawRequest(port, 'PUT', '/', { 'if-unmodified-since': ['Wed, 01 Oct 2025 11:00:00 GMT', noon] })).status,
    ).toBe(200);
    expect((await rawRequest(port, 'GET', '/', { 'if-modified-since': noon })).status).toBe(304);
  });
});
