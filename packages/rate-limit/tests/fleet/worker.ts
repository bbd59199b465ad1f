/** A process of the fleet: one limiter, driven over IPC. */
import { Redis } from 'ioredis';
import { seededRandom } from '@corral-internal/test-kit';
import { createRateLimiter, type RateLimiter } from '../../src/index.ts';
import { createRedisStore } from '../../src/redis.ts';
import type { createPeer } from './peer.ts';
import type { Check, Contender, FromWorker, Shape, ToWorker, WorkerReport, WorkerSettings } from './protocol.ts';

/** Monotonic, and the same clock in all processes of a machine. */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

let limiter: RateLimiter;
let peer: Awaited<ReturnType<typeof createPeer>> | undefined;
let settings: WorkerSettings;
let close = async (): Promise<void> => {};

async function open(given: WorkerSettings): Promise<void> {
  settings = given;
  const { url, prefix, rule, workers, timeoutMs, skewMs } = given;
  const realNow = Date.now;
  Date.now = () => realNow() + skewMs;
  const redis = new Redis(url, { retryStrategy: () => 200, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  const store = createRedisStore(redis, { prefix });
  limiter = createRateLimiter({ rules: rule, store, workers, timeoutMs });
  close = async () => {
    await limiter.close();
    await store.close();
    redis.disconnect();
    peer?.close();
  };
  await limiter.ready();
}

/** Milliseconds from the start at which to send, in order. */
function schedule(shape: Shape, durationMs: number): number[] {
  const times: number[] = [];
  const { windowMs } = settings.rule;
  const steady = (perSecond: number, fromMs: number): void => {
    for (let at = fromMs; at < durationMs; at += 1000 / perSecond) times.push(at);
  };
  const burst = (atMs: number, size: number): void => {
    if (atMs >= 0 && atMs < durationMs) for (let index = 0; index < size; index++) times.push(atMs);
  };
  switch (shape.kind) {
    case 'steady':
      steady(shape.perSecond, 0);
      break;
    case 'burst-then-steady':
      burst(0, shape.size);
      steady(shape.perSecond, 1);
      break;
    case 'window-edge':
    case 'clock-edge': {
      // The first check opens a window; a clock-aligned one starts with a whole multiple of it.
      const start = shape.kind === 'window-edge' ? 0 : windowMs - (Date.now() % windowMs);
      burst(0, 1);
      for (let edge = start + windowMs; edge < durationMs; edge += windowMs)
        for (const offset of [-30, -10, 3, 20]) burst(edge + offset, shape.size);
      break;
    }
    case 'random': {
      const random = seededRandom(shape.seed);
      for (let at = 0; at < durationMs; at += random.int(windowMs / 3)) burst(at, random.int(shape.size));
    }
  }
  return times.sort((left, right) => left - right);
}

async function load(shape: Shape, durationMs: number, key: string, through: Contender): Promise<WorkerReport> {
  const subject = through === 'corral' ? limiter : (peer ??= await (await import('./peer.ts')).createPeer(settings));
  const timeoutsBefore = limiter.stats().timeouts;
  const checks: Check[] = [];
  const errors: string[] = [];
  const waiting = new Set<symbol>();
  const send = (): void => {
    const sentMs = nowMs();
    const check = Symbol('check');
    waiting.add(check);
    subject.consume(key).then(
      ({ allowed, source }) => {
        waiting.delete(check);
        checks.push({ sentMs, repliedMs: nowMs(), allowed, source });
      },
      (error: unknown) => {
        waiting.delete(check);
        errors.push(String(error));
      },
    );
  };
  const times = schedule(shape, durationMs);
  const startMs = nowMs();
  let next = 0;
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      while (next < times.length && startMs + times[next]! <= nowMs()) {
        next++;
        send();
      }
      if (next < times.length) setTimeout(tick, Math.max(0, startMs + times[next]! - nowMs()));
      else resolve();
    };
    tick();
  });
  const giveUpMs = nowMs() + 1_000;
  while (waiting.size > 0 && nowMs() < giveUpMs) await new Promise((resolve) => setTimeout(resolve, 5));
  return { checks, errors, hung: waiting.size, timeouts: limiter.stats().timeouts - timeoutsBefore };
}

process.on('message', (message: ToWorker) => {
  const work = async (): Promise<FromWorker> => {
    switch (message.type) {
      case 'open':
        await open(message.settings);
        return { type: 'done' };
      case 'load':
        return { type: 'report', report: await load(message.shape, message.durationMs, message.key, message.limiter) };
      case 'state':
        return { type: 'state', state: limiter.state };
      case 'close':
        await close();
        return { type: 'done' };
    }
  };
  work().then(
    (answer) => process.send!({ id: message.id, answer }),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
