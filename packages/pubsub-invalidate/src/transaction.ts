import { checkOneOf } from './check.ts';
import type { BusCore } from './core.ts';
import { TransactionRolledBackError } from './errors.ts';
import type { Kinds, PayloadArguments } from './kind.ts';
import type { Hint } from './message.ts';
import { DEFAULT_OUTBOX, deleteOutboxRows, insertOutboxRow } from './outbox-rows.ts';
import { withClient, type ClientOf, type TransactionClient, type TransactionPool } from './transaction-pool.ts';
import { packUnnumbered } from './unnumbered.ts';

/** What `work` of a transaction publishes with. */
export interface TransactionTopic<K extends Kinds> {
  /** Collects a change; it leaves only if the transaction commits. A savepoint does not take it back: a hint too many costs one reload. */
  publish<Name extends keyof K & string>(kind: Name, ...payload: PayloadArguments<K[Name]>): void;
}

/** For `invalidator.transaction`. */
export interface TransactionOptions {
  /**
   * `after-commit` (default): published when COMMIT has returned; costs the writers nothing, lost if the process dies in between.
   * `notify`: NOTIFY as the last statement, atomic with the commit; Postgres transport only; takes the server's commit lock,
   * which halves the throughput of concurrent writers. `outbox`: a row in the table of `outboxSql()`, atomic and for any
   * transport; published after the commit, and by `createOutboxRelay` if this process dies first.
   */
  readonly mode?: 'after-commit' | 'notify' | 'outbox' | undefined;
  /** The table of `outboxSql()` (`corral_outbox`). */
  readonly outboxTable?: string | undefined;
}

/** The topic that a transaction publishes to. */
export interface TransactionTarget {
  readonly core: BusCore;
  readonly channel: string;
  hint(kind: string, payload: unknown): Collected;
}

interface Collected {
  readonly json: string;
  readonly hint: Hint;
}

/** BEGIN, `work`, what the mode adds, COMMIT. A client in an unknown state is released with its error, so that the pool drops it. */
export async function runTransaction<Pool extends TransactionPool, Result>(
  target: TransactionTarget,
  pool: Pool,
  work: (client: ClientOf<Pool>, tx: TransactionTopic<Kinds>) => Promise<Result>,
  options: TransactionOptions = {},
): Promise<Result> {
  const { mode = 'after-commit', outboxTable = DEFAULT_OUTBOX } = options;
  const { transport } = target.core.settings;
  checkOneOf('mode', mode, ['after-commit', 'notify', 'outbox']);
  if (mode === 'notify' && !transport.transactional) {
    throw new TypeError(
      `mode: 'notify' needs the Postgres transport and this bus runs over ${transport.name}: use 'after-commit' or 'outbox'`,
    );
  }
  const collector = makeCollector(target);
  return withClient(pool, async (client, fail) => {
    await client.query('BEGIN').catch(rethrowAfter(fail));
    let result: Result;
    let rowId: string | undefined;
    try {
      result = await work(client as ClientOf<Pool>, collector.tx);
      collector.end();
      rowId = await beforeCommit(target, mode, client, collector.collected, outboxTable);
    } catch (error) {
      collector.end();
      await client.query('ROLLBACK').catch(fail);
      throw error;
    }
    const announce = (): void => afterCommit(target, mode, collector.collected, rowId, pool, outboxTable);
    const reply = await client.query('COMMIT').catch((error: unknown) => {
      // Refused is refused; a connection that broke may have committed, and one reload too many is harmless.
      if (!isRefusal(error)) announce();
      if (!isRefusal(error)) fail(error);
      throw error;
    });
    if (reply.command === 'ROLLBACK') throw new TransactionRolledBackError();
    announce();
    return result;
  });
}

function makeCollector(target: TransactionTarget): {
  tx: TransactionTopic<Kinds>;
  collected: Collected[];
  end(): void;
} {
  const collected: Collected[] = [];
  let ended = false;
  return {
    collected,
    end: () => {
      ended = true;
    },
    tx: {
      publish: (kind, ...[payload]) => {
        if (ended) throw new Error('tx.publish was called after the end of its transaction: is an await missing?');
        collected.push(target.hint(kind, payload));
      },
    },
  };
}

async function beforeCommit(
  { core, channel }: TransactionTarget,
  mode: string,
  client: TransactionClient,
  collected: readonly Collected[],
  outboxTable: string,
): Promise<string | undefined> {
  if (collected.length === 0 || mode === 'after-commit') return undefined;
  const jsons = collected.map(({ json }) => json);
  if (mode === 'outbox') return insertOutboxRow(client, outboxTable, channel, jsons);
  const messages = packUnnumbered(core.id, jsons, core.settings.transport.maxPayloadBytes);
  await client.query('SELECT pg_notify($1, m) FROM unnest($2::text[]) AS m', [channel, messages]);
  return undefined;
}

/** Nobody waits for the broker here: the commit stands whatever happens to the hints, and the writers must not wait for a broker that is down. */
function afterCommit(
  { core, channel }: TransactionTarget,
  mode: string,
  collected: readonly Collected[],
  rowId: string | undefined,
  pool: TransactionPool,
  outboxTable: string,
): void {
  if (mode === 'notify') {
    core.deliverHere(channel, { type: 'hints', hints: collected.map(({ hint }) => hint) }, true);
    return;
  }
  const sent = collected.map(({ json, hint }) =>
    core.publish(channel, 'h', json, { type: 'hints', hints: [hint] }, true),
  );
  if (rowId === undefined) return;
  Promise.all(sent)
    .then(() => deleteOutboxRows(pool, outboxTable, [rowId]))
    .catch(() => {}); // the row stays, and the relay takes it
}

/** The server said no, so nothing was committed. A connection that was ended by the server (57P…, 08…) says nothing about the commit. */
function isRefusal(error: unknown): boolean {
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  return typeof severity === 'string' && typeof code === 'string' && !/^(57P|08)/.test(code);
}

const rethrowAfter =
  (act: (error: unknown) => void) =>
  (error: unknown): never => {
    act(error);
    throw error;
  };
