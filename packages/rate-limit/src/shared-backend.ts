import { type Backend, type Context, finish, type LimiterState } from './backend.ts';
import type { Decision } from './decision.ts';
import { DenyCache } from './deny-cache.ts';
import { type Check, PLAIN } from './engine.ts';
import { Lane, type Unavailable } from './lane.ts';
import { withLimits } from './rules.ts';
import { StandIn } from './stand-in.ts';
import type { Store } from './store.ts';

export interface SharedOptions {
  readonly store: Store;
  readonly workers: number | 'auto' | (() => number);
  readonly onUnavailable: Unavailable;
  readonly timeoutMs: number;
  /** The most denials that are remembered; 0 turns it off. */
  readonly maxDenials: number;
}

/** The limiter of many processes: the store decides, and this process stands in while it cannot. */
export function createSharedBackend(context: Context, options: SharedOptions): Backend {
  const { store, workers, onUnavailable, timeoutMs, maxDenials } = options;
  const release = store.claim(context.rules);
  const denials = new DenyCache(maxDenials);
  const workerCount = (): number => {
    const count = workers === 'auto' ? store.workers : typeof workers === 'function' ? workers() : workers;
    return Number.isFinite(count) ? Math.max(1, Math.floor(count)) : 1;
  };
  const standIn = new StandIn(context, workerCount);
  const lanes = Array.from(
    { length: store.shards },
    (_, shard) => new Lane({ context, store, shard, standIn, denials, onUnavailable, timeoutMs }),
  );
  const laneOf = (key: string): Lane => (lanes.length === 1 ? lanes[0]! : lanes[store.shardOf(key)]!);
  const ready = Promise.all(lanes.map((lane) => lane.ready)).then(() => {});
  const consume = (key: string, check: Check): Decision | Promise<Decision> => {
    if (check.limits !== undefined) return laneOf(key).consume(key, check, withLimits(context.rules, check.limits));
    const denial = denials.size > 0 ? denials.find(key, check.cost, context.now()) : undefined;
    return denial === undefined ? laneOf(key).consume(key, check, undefined) : finish(context, denial);
  };

  return {
    get state(): LimiterState {
      if (lanes.some((lane) => lane.state === 'degraded')) return 'degraded';
      return lanes.some((lane) => lane.state === 'recovering') ? 'recovering' : 'shared';
    },
    get workers() {
      return workerCount();
    },
    ready: () => ready,
    consumePlain(key) {
      const decision = consume(key, PLAIN);
      return decision instanceof Promise ? decision : Promise.resolve(decision);
    },
    consume,
    peek: (key) => laneOf(key).peek(key),
    refund(key, units) {
      denials.forget(key);
      context.engine.refund(key, units, context.now());
      const lane = laneOf(key);
      const known = lane.state === 'degraded' ? lane.forgive(key, units) : 0;
      return known < units ? lane.amend({ kind: 'refund', key, units: units - known }) : undefined;
    },
    reset(key) {
      denials.forget(key);
      context.engine.table.delete(key);
      const lane = laneOf(key);
      lane.forgetKey(key);
      return lane.amend({ kind: 'reset', key });
    },
    block(key, ms) {
      denials.forget(key);
      context.engine.block(key, ms, context.now());
      return laneOf(key).amend({ kind: 'block', key, ms });
    },
    useRules(rules) {
      denials.clear();
      context.engine.useRules(rules);
    },
    close() {
      for (const lane of lanes) lane.close();
      release();
    },
  };
}
