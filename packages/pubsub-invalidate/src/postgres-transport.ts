import type { Client, ClientConfig } from 'pg';
import { checkSource, destroyClient, openClient, type ClientSource } from './postgres-client.ts';
import { PostgresPublisher, type PublishSource } from './postgres-publisher.ts';
import { quoteIdentifier } from './sql-quote.ts';
import type { Session, Transport } from './transport.ts';

/** For `postgresTransport`. */
export interface PostgresTransportOptions {
  /**
   * A direct connection, or one through a pooler in session mode: a string, a configuration, or a function that makes a
   * new client. One connection is opened and kept, whatever the number of topics; in transaction mode poolers lose LISTEN.
   */
  readonly listen: string | ClientConfig | (() => Client);
  /**
   * Where NOTIFY is sent: a pool or connected client (used, never closed) or the address of a connection of its own.
   * Default: a second connection to `listen`. A pool that is exhausted delays heartbeats, which others take for silence.
   */
  readonly publish?: PublishSource | undefined;
  /** Whether `start()` proves that a NOTIFY from the publisher's connection reaches the listener (true). */
  readonly probe?: boolean | undefined;
}

/** What pg_notify takes. */
const MAX_PAYLOAD_BYTES = 7_999;

const DEAF =
  'LISTEN was accepted, but a NOTIFY from the publisher connection never arrived. Most likely `listen` goes through a pooler in ' +
  'transaction mode (PgBouncer, Supavisor, RDS Proxy, a Neon -pooler address), which hands LISTEN to a server connection that is ' +
  'shared with others; or `publish` goes to another database. Give `listen` a direct connection to the server, or a pooler in ' +
  'session mode; `publish` may stay on the pooler.';

/** A NOTIFY takes a lock of the whole server when it commits, and the writers' commits stand beside it. */
const GATHER_MS = 5;

/**
 * LISTEN on one direct connection, batched NOTIFY through another.
 * @throws {TypeError} An option is wrong; the message names it and shows no password.
 */
export function postgresTransport(options: PostgresTransportOptions): Transport {
  const { listen, publish, probe = true } = options;
  const source = checkSource('listen', listen);
  const publisher = new PostgresPublisher(publish, source);
  return {
    name: 'postgres',
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
    transactional: true,
    gatherMs: GATHER_MS,
    deafAdvice: probe ? DEAF : undefined,
    connect: (handlers, signal) => openSession(source, handlers, signal),
    publish: (batch, signal) => publisher.publish(batch, signal),
    close: async () => publisher.close(),
  };
}

async function openSession(
  source: ClientSource,
  handlers: Parameters<Transport['connect']>[0],
  signal: AbortSignal,
): Promise<Session> {
  let open = true;
  const client = await openClient(source, 'listen', signal, (error) => {
    if (open) handlers.closed(error);
    open = false;
  });
  client.on('notification', ({ channel, payload }) => {
    if (open) handlers.message(channel, payload ?? '');
  });
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: a client that is asked while it works is deprecated in pg. */
  const run = async (sql: string): Promise<void> => {
    const turn = last.then(() => client.query(sql));
    last = turn.catch(() => {});
    await turn;
  };
  const each = (verb: string, channels: readonly string[]): string =>
    channels.map((channel) => `${verb} ${quoteIdentifier(channel)}`).join('; ');
  return {
    subscribe: async (channels) => {
      await run(each('LISTEN', channels));
      return [];
    },
    unsubscribe: (channels) => run(each('UNLISTEN', channels)),
    ping: () => run('SELECT 1'),
    close: () => {
      open = false;
      destroyClient(client);
    },
  };
}
