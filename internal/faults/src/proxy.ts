import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

type Direction = 'toServer' | 'toClient';

/** A TCP proxy on 127.0.0.1 that can be slow, cut, or silent, while both ends are real. */
export interface Proxy {
  readonly port: number;
  /** Every chunk waits this long, in each direction; milliseconds, default 0. */
  delayMs: number;
  /** Connections open now. */
  readonly connections: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
  /** Resets every open connection (RST); new ones are served. */
  cut(): void;
  /** Goes silent without a FIN or RST, on open and on new connections; what is sent meanwhile is kept back. */
  blackhole(direction?: 'both' | Direction): void;
  /** Refuses new connections and resets the open ones. */
  refuse(): Promise<void>;
  /** Passes everything again, first of all what was kept back. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
}

/** RST, if nothing else is on its way: Node never closes a socket that is reset during its FIN, and never ends then. */
const reset = (socket: Socket): void => void (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

/** Starts a proxy for `port` on 127.0.0.1. It reads no further while it is silent, so senders meet real back-pressure. */
export async function startProxy({ port: target }: { port: number }): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const silent: Record<Direction, boolean> = { toServer: false, toClient: false };
  const bytes: Record<Direction, number> = { toServer: 0, toClient: 0 };
  let wakeUp: (() => void)[] = [];
  let accepted = 0;
  let port = 0;

  const pump = async (from: Socket, to: Socket, direction: Direction): Promise<void> => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (proxy.delayMs > 0) await delay(proxy.delayMs);
      while (silent[direction] && !from.destroyed) await new Promise<void>((resolve) => wakeUp.push(resolve));
      if (to.destroyed) return;
      bytes[direction] += chunk.length;
      if (!to.write(chunk)) await new Promise<void>((resolve) => to.once('drain', resolve).once('close', resolve));
    }
    while (silent[direction] && !from.destroyed) await new Promise<void>((resolve) => wakeUp.push(resolve));
    to.end();
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    accepted++;
    const server = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { client, server };
    pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    const drop = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
      wake();
    };
    // While silent, an end that goes away must not be seen by the other one either.
    server.on('error', () => !silent.toClient && reset(client));
    client.on('error', () => !silent.toServer && reset(server));
    server.on('close', () => !silent.toClient && drop());
    client.on('close', () => !silent.toServer && drop());
    pump(client, server, 'toServer').catch(() => {});
    pump(server, client, 'toClient').catch(() => {});
  });

  const wake = (): void => {
    const woken = wakeUp;
    wakeUp = [];
    for (const resolve of woken) resolve();
  };
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(port, '127.0.0.1', () => {
        port = (listener.address() as { port: number }).port;
        resolve();
      });
    });
  const cut = (): void => {
    for (const { client, server } of pairs) {
      reset(client);
      reset(server);
    }
    pairs.clear();
    wake();
  };
  const refuse = async (): Promise<void> => {
    const closed = listener.listening ? new Promise((resolve) => listener.close(resolve)) : undefined;
    cut();
    await closed;
  };

  const proxy: Proxy = {
    delayMs: 0,
    get port() {
      return port;
    },
    get connections() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    get bytesToServer() {
      return bytes.toServer;
    },
    get bytesToClient() {
      return bytes.toClient;
    },
    cut,
    blackhole: (direction = 'both') => {
      if (direction !== 'toClient') silent.toServer = true;
      if (direction !== 'toServer') silent.toClient = true;
    },
    refuse,
    heal: async () => {
      silent.toServer = false;
      silent.toClient = false;
      for (const pair of pairs) {
        if (pair.server.destroyed && !pair.client.destroyed) reset(pair.client);
        if (pair.client.destroyed && !pair.server.destroyed) reset(pair.server);
        if (pair.client.destroyed && pair.server.destroyed) pairs.delete(pair);
      }
      wake();
      if (!listener.listening) await listen();
    },
    close: async () => {
      silent.toServer = false;
      silent.toClient = false;
      await refuse();
    },
  };
  await listen();
  return proxy;
}
