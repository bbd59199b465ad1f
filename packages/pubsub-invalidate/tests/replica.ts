import { createBus, createInvalidator, kind, type Transport } from '@corral/pubsub-invalidate';
import { postgresTransport } from '@corral/pubsub-invalidate/postgres';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';
import type { Order, Report, ReplicaOptions, Told } from './fleet.ts';

/**
 * One process of a fleet: reads all keys all the time through a cache, publishes when it is told to, and remembers what it
 * heard and when it doubted. The source of truth is the parent, asked over IPC, so that no fault of the broker reaches it.
 */
const options = JSON.parse(process.argv[2]!) as ReplicaOptions;
const tell = (message: Told): void => void process.send!(message);

const cache = new Map<string, number>();
/** The number of the read that may still fill a key: an invalidation takes it off, and its answer comes too late. */
const loads = new Map<string, number>();
let reads = 0;
const heard: number[] = [];
const gaps: { reason: string; atMs: number }[] = [];
const states: { state: string; atMs: number }[] = [];
const stalls: { atMs: number; ms: number }[] = [];
const uncaught: string[] = [];

process.on('uncaughtException', (error) => uncaught.push(error.message));
process.on('unhandledRejection', (reason) => uncaught.push(String(reason)));

const target = {
  delete(key: string) {
    cache.delete(key);
    loads.delete(key);
  },
  clear() {
    cache.clear();
    loads.clear();
  },
};

const bus = createBus({
  transport: transport(),
  namespace: 'fleet',
  heartbeatMs: options.heartbeatMs,
  pingMs: options.pingMs,
  pingTimeoutMs: options.pingTimeoutMs,
  batch: { maxQueue: options.maxQueue },
  onEvent: (event) => {
    if (event.type === 'gap') gaps.push({ reason: event.gap.reason, atMs: Date.now() });
    if (event.type === 'state') states.push({ state: event.state, atMs: Date.now() });
  },
});
const topic = createInvalidator({
  bus,
  topic: 'config',
  kinds: { changed: kind<{ key: string; n: number; pad?: string }>() },
});
topic.bind(target, { keys: { changed: ({ key }) => [key] } });
topic.on('changed', ({ n }) => heard.push(n));

function transport(): Transport {
  const { listenUrl, publishUrl, broker } = options;
  if (broker === 'postgres') return postgresTransport({ listen: listenUrl, publish: publishUrl });
  const client = new Redis(listenUrl, { lazyConnect: true });
  const made = redisTransport({ client, mode: broker === 'redis-stream' ? 'stream' : 'pubsub' });
  if (publishUrl === listenUrl) return made;
  // A second transport for the way out, so that a test can cut one leg alone.
  const out = redisTransport({ client: new Redis(publishUrl, { lazyConnect: true }) });
  return { ...made, publish: (batch, signal) => out.publish(batch, signal) };
}

/** Each key is read every 20 ms; a miss asks the parent. When that is 50 ms late or more, this process did not run meanwhile. */
let readAtMs = performance.now();
setInterval(() => {
  const lateMs = performance.now() - readAtMs - 20;
  if (lateMs >= 50) stalls.push({ atMs: Date.now(), ms: lateMs });
  readAtMs = performance.now();
  for (const key of options.keys) {
    if (cache.has(key) || loads.has(key)) continue;
    loads.set(key, ++reads);
    tell({ type: 'read', key, read: reads });
  }
}, 20);

process.on('message', (order: Order) => {
  if (order.type === 'value' && loads.get(order.key) === order.read) {
    loads.delete(order.key);
    cache.set(order.key, order.version);
  }
  if (order.type === 'publish') {
    const { key, n, pad } = order;
    topic.publish('changed', pad === undefined ? { key, n } : { key, n, pad }).then(
      () => tell({ type: 'accepted', n }),
      () => tell({ type: 'refused', n }),
    );
  }
  if (order.type === 'report') {
    const report: Report = {
      heard,
      gaps,
      states,
      stalls,
      uncaught,
      cache: [...cache],
      health: bus.health(),
      stats: bus.stats(),
    };
    tell({ type: 'report', report });
  }
  if (order.type === 'close') void bus.close({ drainMs: 200 }).then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));

await bus.start();
tell({ type: 'ready' });
