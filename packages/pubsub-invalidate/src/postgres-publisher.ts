import type { Client, ClientConfig, Pool } from 'pg';
import { checkSource, destroyClient, openClient, type ClientSource } from './postgres-client.ts';
import type { OutgoingMessage } from './transport.ts';

export type PublishSource = Pool | Client | string | ClientConfig;

interface Queryable {
  query(text: string, values: unknown[]): Promise<unknown>;
}

const ONE = 'SELECT pg_notify($1, $2)';
const MANY = 'SELECT pg_notify(c, d) FROM unnest($1::text[], $2::text[]) AS t(c, d)';

/** One statement for each batch, one batch at a time, so that the order holds through a pool too. What was given is never closed. */
export class PostgresPublisher {
  readonly #given: Queryable | undefined;
  readonly #source: ClientSource | undefined;
  #own: Promise<Client> | undefined;

  constructor(publish: PublishSource | undefined, listen: ClientSource) {
    if (typeof (publish as Partial<Queryable> | undefined)?.query === 'function') this.#given = publish as Queryable;
    else this.#source = publish === undefined ? listen : checkSource('publish', publish);
  }

  async publish(batch: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    const connection = this.#given ?? (await this.#ownClient(signal));
    const abort = (): void => this.#drop();
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (batch.length === 1) await connection.query(ONE, [batch[0]!.channel, batch[0]!.data]);
      else await connection.query(MANY, [batch.map(({ channel }) => channel), batch.map(({ data }) => data)]);
    } catch (error) {
      if (typeof (error as { severity?: unknown }).severity !== 'string') this.#drop();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  close(): void {
    this.#drop();
  }

  #ownClient(signal: AbortSignal): Promise<Client> {
    if (this.#own) return this.#own;
    const opening = openClient(this.#source!, 'publish', signal, () => {
      if (this.#own === opening) this.#own = undefined;
    });
    this.#own = opening;
    opening.catch(() => {
      if (this.#own === opening) this.#own = undefined;
    });
    return opening;
  }

  #drop(): void {
    this.#own?.then(destroyClient, () => {});
    this.#own = undefined;
  }
}
