/** Ten thousand promises that wait for results over Redis: heap, subscriptions, results a second, aborts. */
import { compare, report } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { createBus, createInbox } from '@corral/pubsub-invalidate';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';

const WAITERS = 10_000;
const ROUNDS = Number(process.env['ROUNDS'] ?? 11);
const VALUE = 'x'.repeat(200);
const server = await startRedis();
const client = new Redis(server.url);
const buses = [0, 1].map(() =>
  createBus({ transport: redisTransport({ client }), namespace: 'tools', batch: { maxQueue: 2 * WAITERS } }),
);
await Promise.all(buses.map((bus) => bus.start()));
const [waiting, producer] = buses.map((bus) => createInbox<string>({ bus, name: 'results' }));
await Promise.all([waiting!.ready(), producer!.ready()]);

const [sender, receiver] = [client.duplicate(), client.duplicate()];
const bare = new Map<string, (value: string) => void>();
await receiver.subscribe('bare');
receiver.on('message', (_, data) => {
  const { id, value } = JSON.parse(data) as { id: string; value: string };
  bare.get(id)?.(value);
  bare.delete(id);
});

let next = 0;
const ids = (): string[] => Array.from({ length: WAITERS }, () => `call-${next++}`);

const contenders = {
  'bare shared Map': async () => {
    const own = ids();
    const results = own.map((id) => new Promise<string>((resolve) => bare.set(id, resolve)));
    await Promise.all(own.map((id) => sender.publish('bare', JSON.stringify({ id, value: VALUE }))));
    await Promise.all(results);
  },
  inbox: async () => {
    const own = ids();
    const results = own.map((id) => waiting!.waitFor(id));
    await Promise.all(own.map((id) => producer!.resolve(waiting!.replyTo, id, VALUE)));
    await Promise.all(results);
  },
};
const delivery = await compare({
  name: '10,000 pending, results of 200 B over Redis',
  baseline: 'bare shared Map',
  contenders,
  operations: WAITERS,
  rounds: ROUNDS,
});

function heapOf(make: () => unknown): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const kept = make();
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / WAITERS;
  return kept === undefined ? Number.NaN : bytes;
}

const controllers = Array.from({ length: 100 }, () => new AbortController());
const own = ids();
const plain = heapOf(() => own.map((id) => waiting!.waitFor(id)));
const watched = heapOf(() =>
  own.map((id) =>
    waiting!.waitFor(`w${id}`, { signal: controllers[Number(id.slice(5)) % 100]!.signal, timeoutMs: 600_000 }),
  ),
);
const subscriptions = ((await client.call('PUBSUB', 'NUMSUB', waiting!.replyTo)) as [string, number])[1];
const listeners = String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub'))
  .trim()
  .split('\n').length;
for (const controller of controllers) controller.abort(new Error('left'));
const afterAborts = waiting!.pending - WAITERS;

const rate = 1 / delivery.results.find(({ name }) => name === 'inbox')!.ratio;
report(import.meta.url, [delivery], {
  file: 'INBOX.md',
  versions: { ioredis: '6.0.0' },
  figures: [
    {
      name: 'subscriptions of the inbox with 20,000 pending',
      value: subscriptions,
      bound: '= 1',
      ok: subscriptions === 1,
    },
    {
      name: 'subscriber connections: two processes and the bare one',
      value: listeners,
      bound: '= 3',
      ok: listeners === 3,
    },
    { name: 'heap of a waiter, bytes', value: Math.round(plain), bound: '<= 1024', ok: plain <= 1_024 },
    {
      name: 'heap of a waiter with signal and timeout, bytes',
      value: Math.round(watched),
      bound: '<= 1024',
      ok: watched <= 1_024,
    },
    { name: 'results a second / bare shared Map', value: rate.toFixed(2), bound: '>= 0.9', ok: rate >= 0.9 },
    { name: 'waiters left after 10,000 aborts', value: afterAborts, bound: '= 0', ok: afterAborts === 0 },
  ],
});
await Promise.all(buses.map((bus) => bus.close()));
for (const one of [client, sender, receiver]) one.disconnect();
await server.close();
