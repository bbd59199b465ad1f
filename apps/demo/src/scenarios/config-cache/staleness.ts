import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Replica } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { listenerName } from './config-changes.ts';
import { configSeenBy, editProvider, type SeenConfig } from './admin-client.ts';

/** The source's own TTLs, so that a short staleness cannot come from expiry. Milliseconds. */
export const sourceTtls = { ttlMs: 10_000, promptTtlMs: 5_000 };
/** An edit that is published arrives within tens of milliseconds; a busy machine gets some more. */
export const publishedBoundMs = 500;
/** A dead listener is noticed within three heartbeats of one second, and the gap clears the cache. */
const gapBoundMs = 3_000;

/**
 * How long each replica kept the old value after an edit, counted from when the edit was sent; `Infinity` beyond the limit.
 * @throws {Error} The edit failed, or a replica has ended: nobody waits for the limit then.
 */
export async function stalenessMs(
  replicas: readonly Replica[],
  edit: () => Promise<unknown>,
  isNew: (seen: SeenConfig) => boolean,
  limitMs: number,
): Promise<number[]> {
  await Promise.all(replicas.map((replica) => configSeenBy(replica))); // the old value is in every cache
  const startMs = performance.now();
  const over = new AbortController();
  const seenAfterMs = async (replica: Replica): Promise<number> => {
    // A replica that cannot answer at the moment has not shown the new value yet.
    while (!over.signal.aborted && performance.now() - startMs <= limitMs) {
      const seen = await configSeenBy(replica).catch(() => undefined);
      if (seen !== undefined && isNew(seen)) return Math.round(performance.now() - startMs);
      await delay(1);
    }
    return Number.POSITIVE_INFINITY;
  };
  const hasEnded = async ({ index, ended }: Replica): Promise<never> => {
    await ended;
    throw new Error(`replica ${index + 1} has ended`);
  };
  try {
    const seen = Promise.all([Promise.all(replicas.map(seenAfterMs)), edit()]);
    const [waits] = await Promise.race([seen, ...replicas.map(hasEnded)]);
    return waits;
  } finally {
    over.abort();
  }
}

export const hasRevision =
  (revision: number) =>
  ({ providers }: SeenConfig): boolean =>
    providers[0]?.options.revision === revision;

/** Edits through an admin route of one replica; the first one opens connections and is not counted. */
export async function checkPublishedEdit(replicas: readonly Replica[]): Promise<Check> {
  const edits: number[][] = [];
  for (let revision = 100; revision <= 105; revision++) {
    const edit = (): Promise<void> => editProvider(replicas[0]!, revision);
    edits.push(await stalenessMs(replicas, edit, hasRevision(revision), sourceTtls.ttlMs));
  }
  const worst = replicas.map((_, replica) => Math.max(...edits.slice(1).map((waits) => waits[replica]!)));
  return {
    name: 'staleness after an edit',
    ok: Math.max(...worst) <= publishedBoundMs,
    detail: `${worst.join(', ')} ms on ${replicas.length} replicas, the worst of 5 edits (TTL ${sourceTtls.ttlMs} ms, bound ${publishedBoundMs} ms)`,
  };
}

/** The same with the listener's connection of every replica killed just before: the message itself is lost. */
export async function checkEditWithListenerKilled(
  replicas: readonly Replica[],
  stage: Stage,
  bus: 'postgres' | 'redis',
): Promise<Check> {
  const edit = async (): Promise<void> => {
    const killed = bus === 'redis' ? await killRedisListeners(stage) : await killPostgresListeners(stage);
    if (killed !== replicas.length) throw new Error(`${killed} listeners were killed, not ${replicas.length}`);
    await editProvider(replicas[0]!, 106);
  };
  const waits = await stalenessMs(replicas, edit, hasRevision(106), sourceTtls.ttlMs);
  return {
    name: 'staleness with the listener killed just before the edit',
    ok: Math.max(...waits) <= gapBoundMs,
    detail: `${waits.join(', ')} ms on ${waits.length} replicas, bounded by gap detection (${gapBoundMs} ms), not by the TTL (${sourceTtls.ttlMs} ms)`,
  };
}

/** A later bug of the source: a kind that nobody published. Then the TTL alone bounds the staleness. */
export async function checkEditThatNobodyPublished(replicas: readonly Replica[], stage: Stage): Promise<Check> {
  const edit = (): Promise<unknown> =>
    stage.admin.query(
      `INSERT INTO chat_user_prompts VALUES (1, 'unpublished') ON CONFLICT (user_id) DO UPDATE SET prompt = excluded.prompt`,
    );
  const isNew = ({ prompt }: SeenConfig): boolean => prompt?.prompt === 'unpublished';
  const waits = await stalenessMs(replicas, edit, isNew, 2 * sourceTtls.promptTtlMs);
  return {
    name: 'staleness after an edit that nobody published',
    ok: Math.max(...waits) <= sourceTtls.promptTtlMs + publishedBoundMs,
    detail: `${waits.join(', ')} ms: up to one TTL (${sourceTtls.promptTtlMs} ms); this is what the publish points save`,
  };
}

/** The server ends the connection that each replica listens on; returns how many there were. */
export async function killPostgresListeners({ admin }: Stage): Promise<number> {
  const { rowCount } = await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name ~ '^${listenerName}-[0-9]+$'`,
  );
  return rowCount ?? 0;
}

/** The same over Redis: only connections of ours, since a given Redis may serve others too. */
export async function killRedisListeners(stage: Stage): Promise<number> {
  const redis = new Redis((await stage.redis()).url);
  try {
    const list = String(await redis.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n');
    const own = list.filter((line) => line.includes(` name=${listenerName}-`));
    for (const line of own) await redis.call('CLIENT', 'KILL', 'ID', /\bid=(\d+)/.exec(line)![1]!);
    return own.length;
  } finally {
    redis.disconnect();
  }
}
