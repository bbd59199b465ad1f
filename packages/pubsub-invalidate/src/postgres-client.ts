// oxlint-disable-next-line eslint/no-restricted-imports -- the subpath ./postgres is the one place that opens Postgres connections
import { Client, type ClientConfig } from 'pg';

/** Where a connection of one's own comes from. A function gives a new client that is not connected yet. */
export type ClientSource = string | ClientConfig | (() => Client);

export function checkSource(name: string, source: unknown): ClientSource {
  if (typeof source === 'string' && source !== '') return source;
  if (typeof source === 'function') return source as () => Client;
  if (typeof source === 'object' && source !== null && typeof (source as { query?: unknown }).query !== 'function')
    return source;
  const got = source === '' ? "''" : typeof source === 'object' && source !== null ? 'a client or pool' : typeof source;
  throw new TypeError(
    `${name}: expected a connection string, a client configuration or a function that makes a client, got ${got}`,
  );
}

/**
 * Opens a client that belongs to us alone. `onGone` runs once when the connection ends, whoever ends it; an error on it
 * never becomes an uncaught one. When `signal` aborts during the handshake the socket is destroyed.
 */
export async function openClient(
  source: ClientSource,
  role: string,
  signal: AbortSignal,
  onGone: (error?: Error) => void,
): Promise<Client> {
  const client = makeClient(source, role);
  let lastError: Error | undefined;
  client.on('error', (error: Error) => {
    lastError ??= error;
  });
  client.once('end', () => onGone(lastError));
  const abort = (): void => destroyClient(client);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
  } catch (error) {
    destroyClient(client);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
  return client;
}

function makeClient(source: ClientSource, role: string): Client {
  if (typeof source === 'function') return source();
  const config = typeof source === 'string' ? { connectionString: source } : source;
  return new Client({ keepAlive: true, application_name: `corral-${role}`, ...config });
}

/** Says goodbye, and takes the socket away from a server that does not answer. Never throws, nothing stays behind. */
export function destroyClient(client: Client): void {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  const timer = setTimeout(() => stream.destroy(), 100);
  client.end().then(
    () => clearTimeout(timer),
    () => {},
  );
}
