import { senderOf, type RedisClient, type RedisSender } from './redis-client.ts';
import { decodeEntry, encodeEntry, newToken } from './redis-envelope.ts';
import { RedisTierError } from './redis-errors.ts';
import { clusterShards, KeySpace, type KeyNames } from './redis-keys.ts';
import { lifeOf, RedisLease, type LeaseTerms } from './redis-lease.ts';
import { RedisLink, type Answer, type Call } from './redis-link.ts';
import { checkRedisOptions, type RedisTierOptions, type RedisTierSettings } from './redis-options.ts';
import { clearScript, deleteScript, getScript, reply, setScript } from './redis-scripts.ts';
import { newStats, type RedisTierEvent, type RedisTierStats } from './redis-stats.ts';
import { RedisWaiters, type Waiter } from './redis-waiters.ts';
import type { Tier, TierEntry, TierHit, TierLease, TierRequest } from './tier.ts';

/** A second tier in Redis. Who made it closes it, after the caches that use it. */
export interface RedisTier<Value> extends Tier<Value> {
  /** A frozen snapshot. */
  stats(): RedisTierStats;
  /**
   * Releases the leases that this process holds, so that others need not wait for their end, and ends the connection that the tier
   * opened; never the client that it was given. Later calls fail. Takes `timeoutMs` at most. Idempotent.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How often those who wait look by themselves, at least. */
const pollMs = 250;
/** The life of a lease that only guards against late writes; renewed while its holder lives. */
const guardMs = 60_000;
/** Keys that one script removes: Redis serves nobody else meanwhile. */
const deleteBatch = 250;

/**
 * Makes a second tier for `createTtlCache` on an ioredis `Redis` or `Cluster` that stays the caller's.
 *
 * A dead or slow Redis is a miss within `timeoutMs`, and no call queues up behind it. With `lease`, the processes that share
 * `prefix` load each key once between them. A result that was loaded before an invalidation is refused by Redis.
 * @throws {RangeError | TypeError} An option has a wrong value; the message names both.
 * @see https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala (leases)
 */
export function createRedisTier<Value>(redis: RedisClient, options: RedisTierOptions<Value>): RedisTier<Value> {
  return new Connected(senderOf(redis), checkRedisOptions(options));
}

class Connected<Value> implements RedisTier<Value> {
  readonly #client: RedisSender;
  readonly #settings: RedisTierSettings<Value>;
  readonly #space: KeySpace;
  readonly #waiters: RedisWaiters;
  readonly #terms: LeaseTerms<Value>;
  readonly #links = new Map<number, RedisLink>();
  readonly #stats = newStats();
  #linksAway = 0;
  #closing: Promise<void> | undefined;

  constructor(client: RedisSender, settings: RedisTierSettings<Value>) {
    this.#client = client;
    this.#settings = settings;
    this.#space = new KeySpace(settings.prefix, client.isCluster === true ? clusterShards : 1);
    this.#waiters = new RedisWaiters(client, this.#space.channel);
    const { codec, leaseMs } = settings;
    const { channel } = this.#space;
    this.#terms = {
      codec,
      channel,
      lifeMs: leaseMs ?? guardMs,
      shared: leaseMs === undefined,
      stats: this.#stats,
      held: new Set(),
    };
  }

  async get(key: string, { signal, minTtlMs }: TierRequest): Promise<TierHit<Value> | TierLease<Value>> {
    const names = this.#space.names(key);
    // In its place before the first question, so that no news is missed in between.
    const waiter = this.#waiters.enter(names.id);
    try {
      return await this.#valueOrLease(names, waiter, signal, minTtlMs);
    } finally {
      waiter.leave();
    }
  }

  set(key: string, { value, ttlMs }: TierEntry<Value>): Promise<void> {
    const { shard, id, entry, lease, waited } = this.#space.names(key);
    const life = lifeOf(ttlMs);
    let data: ReturnType<typeof encodeEntry>;
    try {
      data = life === '0' ? { form: '', payload: '' } : encodeEntry(value, this.#settings.codec);
    } catch (error) {
      return Promise.reject(new RedisTierError('codec', error));
    }
    const args = [life, newToken() + data.form, data.payload, this.#space.channel, id];
    return this.#change(shard, { script: setScript, keys: [entry, lease, waited], args, again: false });
  }

  async delete(keys: readonly string[]): Promise<void> {
    const byShard = new Map<number, KeyNames[]>();
    for (const key of keys) {
      const names = this.#space.names(key);
      const others = byShard.get(names.shard);
      if (others === undefined) byShard.set(names.shard, [names]);
      else others.push(names);
    }
    const done: Promise<void>[] = [];
    for (const [shard, members] of byShard) {
      for (let from = 0; from < members.length; from += deleteBatch) {
        const batch = members.slice(from, from + deleteBatch);
        const names = batch.flatMap(({ entry, lease, waited }) => [entry, lease, waited]);
        const args = [this.#space.channel, ...batch.map(({ id }) => id)];
        done.push(this.#change(shard, { script: deleteScript, keys: names, args, again: false }));
      }
    }
    await all(done);
  }

  async clear(): Promise<void> {
    const call: Call = { script: clearScript, keys: [], args: [this.#space.channel], again: false };
    await all(Array.from({ length: this.#space.shards }, (_, shard) => this.#change(shard, call)));
  }

  stats(): RedisTierStats {
    return Object.freeze({ ...this.#stats, held: this.#terms.held.size });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const releases = Array.from(this.#terms.held, (lease) => lease.release());
    for (const link of this.#links.values()) link.close();
    this.#waiters.close();
    await Promise.allSettled(releases);
  }

  async #valueOrLease(names: KeyNames, waiter: Waiter, signal: AbortSignal, minTtlMs: number) {
    const link = this.#link(names.shard);
    let least = minTtlMs;
    let seen = '*';
    // What was spent before a wait counts, also after it; the wait itself belongs to the load of another.
    let budgetMs = this.#settings.timeoutMs;
    for (;;) {
      const startMs = performance.now();
      const { kind, rest } = await link.ask(this.#getCall(link, names, least, seen), budgetMs);
      if (kind === reply.lease) return this.#granted(link, names, rest, signal);
      if (seen === '*') budgetMs = Math.max(1, budgetMs - (performance.now() - startMs));
      if (kind === reply.hit) {
        const hit = this.#decode(rest);
        if (hit !== undefined) return hit;
        // As if nothing were there; and what is there is no news after a wait either.
        least = Number.POSITIVE_INFINITY;
        seen = '*';
        continue;
      }
      if (seen === '*') {
        this.#stats.waits++;
        seen = String(rest[1]);
      }
      // A dead holder's lease has just run out at the end of its life.
      await waiter.wait(Math.min(pollMs, Number(rest[0]) + 1), signal);
      if (signal.aborted) throw new RedisTierError('aborted');
    }
  }

  #getCall(link: RedisLink, names: KeyNames, least: number, seen: string): Call {
    const { lifeMs, shared } = this.#terms;
    const wanted = Number.isFinite(least) ? String(Math.floor(least)) : '-1';
    return {
      script: getScript,
      keys: [names.entry, names.lease, names.waited],
      args: [wanted, seen, String(lifeMs), shared ? '1' : '0'],
      again: true,
      // Nobody would use it, and others would wait for it.
      onLate: ({ kind, rest }) => {
        if (kind === reply.lease) this.#drop(new RedisLease(this.#terms, link, names, String(rest[0])));
      },
    };
  }

  #granted(link: RedisLink, names: KeyNames, rest: Answer['rest'], signal: AbortSignal): TierLease<Value> {
    const lease = new RedisLease(this.#terms, link, names, String(rest[0]));
    if (!signal.aborted) {
      this.#stats.leases++;
      return lease;
    }
    this.#drop(lease);
    throw new RedisTierError('aborted');
  }

  #drop(lease: RedisLease<Value>): void {
    lease.release().catch(() => {});
  }

  #decode(rest: Answer['rest']): TierHit<Value> | undefined {
    try {
      const entry = decodeEntry(rest[1] as Buffer, Number(rest[0]), this.#settings.codec);
      this.#stats.hits++;
      return { kind: 'hit', ...entry };
    } catch (error) {
      this.#stats.undecodable++;
      this.#tell({ type: 'undecodable', error });
      return undefined;
    }
  }

  async #change(shard: number, call: Call): Promise<void> {
    await this.#link(shard).ask(call);
  }

  #link(shard: number): RedisLink {
    let link = this.#links.get(shard);
    if (link === undefined) {
      const onOpen = (open: boolean) => this.#linkChanged(open);
      const { timeoutMs } = this.#settings;
      link = new RedisLink(this.#client, this.#space.generation(shard), timeoutMs, this.#stats, onOpen);
      if (this.#closing !== undefined) link.close();
      this.#links.set(shard, link);
    }
    return link;
  }

  #linkChanged(open: boolean): void {
    this.#linksAway += open ? 1 : -1;
    if (open && this.#linksAway === 1) this.#tell({ type: 'away' });
    if (!open && this.#linksAway === 0) this.#tell({ type: 'back' });
  }

  #tell(event: RedisTierEvent): void {
    try {
      this.#settings.onEvent?.(event);
    } catch {
      // watching must not change what is watched
    }
  }
}

/** All succeed, or the first error when all have ended: nothing is under way any more after it. */
async function all(calls: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(calls)) if (outcome.status === 'rejected') throw outcome.reason;
}
