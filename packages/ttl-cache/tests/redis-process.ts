import { Redis } from 'ioredis';
import { createTtlCache } from '../src/index.ts';
import { createRedisTier } from '../src/redis.ts';

/** What the test tells one of its processes, and what it hears from it. */
export type Order =
  | { type: 'call'; callers: number }
  | { type: 'finish'; value: string }
  | { type: 'fail' }
  | { type: 'report' };
export type Word =
  | { type: 'ready' }
  | { type: 'loading' }
  | { type: 'answers'; answers: string[] }
  | { type: 'report'; loads: number; discarded: number; waits: number; refused: number; held: string };

/** A replica: a cache with a Redis tier, whose loader waits for the word of the test. */
function main([port, prefix, leaseMs]: string[]): void {
  const redis = new Redis(Number(port), '127.0.0.1');
  const tier = createRedisTier<string>(redis, { prefix: prefix!, timeoutMs: 5_000, lease: { ttlMs: Number(leaseMs) } });
  const cache = createTtlCache<string>({ ttlMs: 60_000, tier });
  const say = (word: Word) => process.send?.(word);
  let finish: (value: string) => void = () => {};
  let fail: (error: Error) => void = () => {};

  const load = () => {
    say({ type: 'loading' });
    return new Promise<string>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
  };
  const call = async (callers: number) => {
    const calls = Array.from({ length: callers }, () => cache.getOrLoad('cold', load));
    const settled = await Promise.allSettled(calls);
    say({
      type: 'answers',
      answers: settled.map((each) => (each.status === 'fulfilled' ? `${each.value}` : 'failed')),
    });
  };
  process.on('message', (order: Order) => {
    if (order.type === 'call') void call(order.callers);
    else if (order.type === 'finish') finish(order.value);
    else if (order.type === 'fail') fail(new Error('the source is down'));
    else {
      const { loads, discarded } = cache.stats();
      const { waits, refused } = tier.stats();
      say({ type: 'report', loads, discarded, waits, refused, held: cache.get('cold') ?? 'nothing' });
    }
  });
  process.on('disconnect', () => process.exit());
  redis.once('ready', () => say({ type: 'ready' }));
}

if (process.argv[1]?.endsWith('redis-process.ts')) main(process.argv.slice(2));
