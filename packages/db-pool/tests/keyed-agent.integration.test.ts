import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKeyed } from '../src/keyed.ts';

interface Account {
  apiKey: string;
  baseUrl: string;
}

let server: Server;
let baseUrl: string;
let sockets = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    setImmediate(() => response.end(request.headers.authorization));
  });
  server.on('connection', () => {
    sockets += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

it('shares the sockets of a base URL among all API keys', async () => {
  const agents = createKeyed<string, Agent>({
    key: (url) => new URL(url).origin,
    create: () => new Agent({ connections: 20, keepAliveTimeout: 60_000 }),
    dispose: (agent) => agent.close(),
  });
  const clients = createKeyed({
    key: ({ apiKey, baseUrl }: Account) =>
      `${createHash('sha256').update(apiKey).digest('base64url')} ${new URL(baseUrl).href}`,
    async create({ apiKey, baseUrl }: Account) {
      const agent = await agents.lease(baseUrl);
      const ask = async (): Promise<string> => {
        const response = await fetch(baseUrl, { dispatcher: agent.client, headers: { authorization: apiKey } });
        return response.text();
      };
      return { ask, release: agent.release };
    },
    dispose: ({ release }) => release(),
  });

  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      clients.use({ apiKey: `key ${index % 50}`, baseUrl }, ({ ask }) => ask()),
    ),
  );

  expect(answers[51]).toBe('key 1');
  expect(clients.stats()).toMatchObject({ created: 50, size: 50 });
  expect(agents.stats()).toMatchObject({ created: 1, leases: 50 });
  expect(sockets).toBeLessThanOrEqual(20);
  await clients.close();
  expect(agents.stats().leases).toBe(0);
  expect(await agents.close()).toEqual({ forced: 0 });
});
