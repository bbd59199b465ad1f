import { coreOf, type Bus } from './bus.ts';
import { checkCount, checkMs } from './check.ts';
import type { BusCore } from './core.ts';
import { pause } from './deadline.ts';
import { decodeMessage, encodeHint, type Body } from './message.ts';
import { isChannel } from './names.ts';
import { DEFAULT_OUTBOX } from './outbox-rows.ts';
import { EVERYTHING } from './queue.ts';
import { quoteTable } from './sql-quote.ts';
import { withClient, type TransactionClient, type TransactionPool } from './transaction-pool.ts';

/** For `createOutboxRelay`. */
export interface OutboxRelayOptions {
  readonly bus: Bus;
  readonly pool: TransactionPool;
  /** The table of `outboxSql()` (`corral_outbox`). */
  readonly table?: string | undefined;
  /** Milliseconds between looks (1_000). */
  readonly intervalMs?: number | undefined;
  /** Rows of one look (500). */
  readonly batchSize?: number | undefined;
}

/** A loop that publishes what lies in the outbox. */
export interface OutboxRelay extends AsyncDisposable {
  /** Looks now; answers how many rows were published. */
  flush(): Promise<number>;
  /** Ends after the look that is under way. Idempotent. */
  close(): Promise<void>;
}

interface Row {
  readonly id: string;
  readonly channel: string;
  readonly hints: string | null;
}

/**
 * Publishes outbox rows that their writer did not: it died, or it is a trigger. Run one in every process; rows are locked
 * with SKIP LOCKED, so relays never wait for each other. A row goes when the broker has it: at least once, never lost.
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { bus, pool, table = DEFAULT_OUTBOX, intervalMs = 1_000, batchSize = 500 } = options;
  const core = coreOf(bus);
  checkMs('intervalMs', intervalMs);
  const limit = checkCount('batchSize', batchSize);
  const name = quoteTable(table);
  const abort = new AbortController();
  let looking: Promise<number> = Promise.resolve(0);
  const flush = (): Promise<number> => {
    looking = looking.then(look, look);
    looking.catch(() => {});
    return looking;
  };
  const look = (): Promise<number> =>
    withClient(pool, async (client, fail) => {
      try {
        return await relay(core, client, name, limit);
      } catch (error) {
        await client.query('ROLLBACK').catch(fail);
        throw error;
      }
    });
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const rows = await flush().catch((error: unknown) => {
        core.report.listenerFailed(error);
        return 0;
      });
      if (rows < limit) await pause(intervalMs, abort.signal, { unref: true });
    }
  };
  const running = run();
  const close = async (): Promise<void> => {
    abort.abort();
    await running;
  };
  return { flush, close, [Symbol.asyncDispose]: close };
}

async function relay(core: BusCore, client: TransactionClient, table: string, limit: number): Promise<number> {
  await client.query('BEGIN');
  const sql = `SELECT id::text, channel, hints FROM ${table} WHERE ready_at <= clock_timestamp() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`;
  const rows = (await client.query(sql, [limit])).rows as Row[];
  if (rows.length > 0) {
    await Promise.all(rows.flatMap((row) => publishRow(core, table, row)));
    await client.query(`DELETE FROM ${table} WHERE id = ANY($1::bigint[])`, [rows.map(({ id }) => id)]);
  }
  await client.query('COMMIT');
  return rows.length;
}

/** A row that cannot be read says that something changed, and nobody knows what. */
function publishRow(core: BusCore, table: string, { id, channel, hints }: Row): Promise<void>[] {
  if (!isChannel(channel)) {
    core.report.listenerFailed(new TypeError(`${table}: row ${id} names no channel of a bus and was removed`));
    return [];
  }
  const message = hints === null ? undefined : decodeMessage(`{"v":1,"h":${hints}}`);
  const body: Body = message?.type === 'numbered' ? message.body : { type: 'everything' };
  core.deliverHere(channel, body, false);
  if (body.type !== 'hints') return [core.publish(channel, 'h', EVERYTHING)];
  return body.hints.map(({ kind, version, payload }) => core.publish(channel, 'h', encodeHint(kind, version, payload)));
}
