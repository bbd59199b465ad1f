import { createServer } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';

/** What the server counted since the last reset. */
export interface TlsCounts {
  requests: number;
  /** Full TLS handshakes, and those that resumed a session. */
  full: number;
  resumed: number;
  /** Connections now, and the most at once. */
  open: number;
  mostOpen: number;
}

export interface TlsStub {
  readonly url: string;
  counts(): TlsCounts;
  reset(): void;
  close(): Promise<void>;
}

/** A reply, after so many milliseconds. */
export interface StubAnswer {
  status: number;
  body: object;
  afterMs: number;
}

/** An upstream with real TLS that answers when it is told to, and counts handshakes and connections. */
export async function startTlsStub(
  { key, cert }: { key: string; cert: string },
  path: string,
  answer: (body: never) => StubAnswer,
): Promise<TlsStub> {
  const counts: TlsCounts = { requests: 0, full: 0, resumed: 0, open: 0, mostOpen: 0 };
  const server = createServer({ key, cert, keepAliveTimeout: 65_000 }, (request, response) => {
    counts.requests++;
    void reply(request, answer).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    counts[socket.isSessionReused() ? 'resumed' : 'full']++;
    counts.mostOpen = Math.max(counts.mostOpen, ++counts.open);
    socket.once('close', () => counts.open--);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    counts: () => ({ ...counts }),
    reset: () => void Object.assign(counts, { requests: 0, full: 0, resumed: 0, mostOpen: counts.open }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function reply(request: IncomingMessage, answer: (body: never) => StubAnswer): Promise<StubAnswer> {
  const result = answer(JSON.parse(await text(request)) as never);
  if (result.afterMs > 0) await new Promise((resolve) => setTimeout(resolve, result.afterMs));
  return result;
}
