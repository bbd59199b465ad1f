import type { Client, ClientConfig, Pool } from 'pg';
import { OnAbort } from './deadline.ts';
import { OwnConnection } from './own-connection.ts';
import { checkSource, destroyClient, openClient, type ClientSource } from './postgres-client.ts';
import type { OutgoingMessage } from './transport.ts';

export type PublishSource = Pool | Client | string | ClientConfig;

interface Queryable {
  query(text: string, values: unknown[]): Promise<unknown>;
}

const ONE = 'SELECT pg_notify($1, $2)';
const MANY = 'SELECT pg_notify(c, d) FROM unnest($1::text[], $2::text[]) AS t(c, d)';

/**
 * A NOTIFY queue that was full stays full after the slow listener has caught up: its tail only moves with a NOTIFY that
 * gets in, and none does. Asking for its usage moves the tail, so the next attempt finds room. Seen on PostgreSQL 18.4.
 */
const QUEUE_FULL = '54000';
const ADVANCE_QUEUE = 'SELECT pg_notification_queue_usage()';

/** One statement for each batch, one batch at a time, so that the order holds through a pool too. What was given is never closed. */
export class PostgresPublisher {
  readonly #given: Queryable | undefined;
  readonly #own: OwnConnection<Client>;
  readonly #onAbort: OnAbort = new OnAbort(() => this.#own.drop());

  constructor(publish: PublishSource | undefined, listen: ClientSource) {
    const isGiven = typeof (publish as Partial<Queryable> | undefined)?.query === 'function';
    if (isGiven) this.#given = publish as Queryable;
    const source = publish === undefined || isGiven ? listen : checkSource('publish', publish);
    this.#own = new OwnConnection((signal, onGone) => openClient(source, 'publish', signal, onGone), destroyClient);
  }

  async publish(batch: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    const connection = this.#given ?? (await this.#own.get(signal));
    this.#onAbort.watch(signal);
    try {
      if (batch.length === 1) await connection.query(ONE, [batch[0]!.channel, batch[0]!.data]);
      else await connection.query(MANY, [batch.map(({ channel }) => channel), batch.map(({ data }) => data)]);
    } catch (error) {
      const { severity, code } = error as { severity?: unknown; code?: unknown };
      if (code === QUEUE_FULL) await connection.query(ADVANCE_QUEUE, []).catch(() => {});
      if (typeof severity !== 'string') this.#own.drop();
      throw error;
    }
  }

  close(): void {
    this.#own.drop();
  }
}
