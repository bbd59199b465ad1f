import { createRuleClaims } from '../rule-claims.ts';
import { capacity, integer, type NamedRule, shown } from '../rules.ts';
import type { Amendment, Store } from '../store.ts';
import { AMEND_SCRIPT } from './amend-script.ts';
import { createCheckCalls } from './check-call.ts';
import { CHECK_SCRIPT } from './check-script.ts';
import { connect, type RedisClient, type Script } from './connection.ts';
import { createHeartbeat } from './heartbeat.ts';
import { HELLO_SCRIPT } from './hello-script.ts';
import { createKeyNames, letterOf } from './keys.ts';
import { decodeAnswers } from './packing.ts';
import { SLIDE_SCRIPT } from './slide-script.ts';
import { createWorkerCount } from './worker-count.ts';

export interface RedisStoreOptions {
  /** Before every key; default `rl`. Limiters with one prefix and one rule name share their counts. */
  prefix?: string | undefined;
  /**
   * Independent parts, each with its own hash tag; default 1, and 16 on a cluster. One script call carries the checks of one
   * part. Set it too where a proxy hides a cluster. All processes need the same number.
   */
  shards?: number | undefined;
  /** Keys in one script call: 64 (`true`, default), 1 (`false`: a call for each check), or `maxKeys` from 1 to 1_024. */
  batch?: boolean | { maxKeys: number } | undefined;
  /** `server` (default) asks Redis for the time. `client`, where scripts may not: then the clocks of all processes must agree. */
  clock?: 'server' | 'client' | (() => number) | undefined;
}

/** What the platform provides: hashes and randomness of `node:crypto`. */
export interface Crypto {
  sha1(text: string): string;
  sha256(text: string): string;
  randomId(): string;
}

/** The epoch outlives any window; heartbeats renew it. */
const EPOCH_TTL_MS = 1e11 * 2;
/** A worker counts for this long after its last heartbeat. */
const LIVE_MS = 5_000;
/** A hello that takes longer gives the socket up: it may be dead without anybody having said so. */
const SILENCE_MS = 1_000;

const PREFIX = /^[\w:.-]{1,64}$/;

export function createStore(client: RedisClient, options: RedisStoreOptions, crypto: Crypto): Store {
  const { prefix = 'rl', batch = true, clock = 'server', shards = client.isCluster ? 16 : 1 } = options;
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw new RangeError(`prefix: expected 1 to 64 of A-Z a-z 0-9 _ : . -, got ${shown(prefix)}`);
  if (clock !== 'server' && clock !== 'client' && typeof clock !== 'function') {
    throw new TypeError(`clock: expected 'server', 'client' or a function, got ${shown(clock)}`);
  }
  integer('shards', shards, 1, 1_024);
  const maxGroups = typeof batch === 'boolean' ? (batch ? 64 : 1) : integer('batch.maxKeys', batch.maxKeys, 1, 1_024);
  const names = createKeyNames(prefix, shards, crypto.sha256);
  const script = (text: string): Script => ({ text, sha1: crypto.sha1(text) });
  const scripts = {
    check: script(CHECK_SCRIPT),
    slide: script(SLIDE_SCRIPT),
    amend: script(AMEND_SCRIPT),
    hello: script(HELLO_SCRIPT),
  };
  const callOf = createCheckCalls(names);
  const clientNow = typeof clock === 'function' ? clock : Date.now;
  const nowArg = (): string => (clock === 'server' ? '' : String(clientNow()));
  const id = crypto.randomId();
  const workers = createWorkerCount(() => performance.now());
  const introduced = new Set<number>();

  const connection = connect(client, {
    onReady() {
      workers.connected();
      introduced.clear();
      for (const watcher of heartbeat.watchers()) watcher.onReady();
    },
    onLost() {
      for (const watcher of heartbeat.watchers()) watcher.onLost();
    },
  });

  const hello = async (shard: number): Promise<string> => {
    const silence = setTimeout(() => connection.reconnect(), SILENCE_MS);
    (silence as { unref?(): void }).unref?.();
    try {
      const first = introduced.has(shard) ? '0' : '1';
      const args = [crypto.randomId(), EPOCH_TTL_MS, shard === 0 ? id : '', LIVE_MS, first];
      const keys = shard === 0 ? [names.epoch(0), names.workers()] : [names.epoch(shard)];
      const [epoch, live] = (await connection.run(scripts.hello, shard, keys, args)) as [string, number];
      introduced.add(shard);
      if (shard === 0) workers.seen(live);
      return epoch;
    } finally {
      clearTimeout(silence);
    }
  };
  const heartbeat = createHeartbeat({ shards, hello });

  return {
    shards,
    maxGroups,
    shardOf: names.shardOf,
    get workers() {
      return workers.value;
    },
    connected: () => connection.ready,
    // A probe writes: a replica that was a primary answers reads as if nothing had happened.
    hello(shard) {
      introduced.delete(shard);
      return hello(shard);
    },
    async check(shard, batch) {
      const { slides, keys, args, packing } = callOf(shard, batch, nowArg());
      const reply = await connection.run(slides ? scripts.slide : scripts.check, shard, keys, args);
      return Array.isArray(reply) ? decodeAnswers(batch, reply as number[], packing) : 'state-lost';
    },
    async amend(shard, rules, amendments) {
      const keys: string[] = [];
      const args: (string | number)[] = [nowArg()];
      for (const amendment of amendments) {
        const stem = names.stem(amendment.key, shard);
        for (const rule of amendment.kind === 'merge' ? [rules[amendment.rule]!] : rules) {
          keys.push(stem + names.suffix(rule));
          args.push(...amendmentArgs(amendment, rule));
        }
      }
      if (keys.length > 0) await connection.run(scripts.amend, shard, keys, args);
    },
    watch: heartbeat.watch,
    claim: createRuleClaims(),
    async close() {
      heartbeat.stop();
      connection.close();
    },
  };
}

function amendmentArgs(amendment: Amendment, rule: NamedRule): (string | number)[] {
  const letter = letterOf(rule);
  const head = [letter, rule.limit, rule.windowMs, rule.algorithm === 'gcra' ? capacity(rule) : rule.burst];
  switch (amendment.kind) {
    case 'merge':
      return [
        'm',
        ...head,
        amendment.entries.length,
        ...amendment.entries.flatMap(({ ageMs, units }) => [Math.max(0, ageMs), units]),
      ];
    case 'refund':
      return ['r', ...head, amendment.units];
    case 'reset':
      return ['x', letter];
    case 'block':
      return ['b', letter, amendment.ms];
  }
}
