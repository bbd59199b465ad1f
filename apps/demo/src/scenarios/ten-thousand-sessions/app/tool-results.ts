import { randomUUID } from 'node:crypto';
import { createBus, createInbox, memoryTransport } from '@corral/pubsub-invalidate';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';

/** A tool runs on the user's device; its result may come in at any worker, and goes to the one whose turn waits. */
export interface ToolResults {
  /** Gets ready for the result of `id`, before the tool is asked for; stops waiting for it when `signal` aborts. */
  expect(id: string, signal: AbortSignal): Promise<{ replyTo: string; result: Promise<string> }>;
  /** At the worker that the device reached. */
  deliver(replyTo: string, id: string, result: string): Promise<void>;
  readonly pending: number;
  stats(): Record<string, unknown>;
  close(): Promise<void>;
}

/** Before: each pending call has a subscription, and with it a connection, of its own. */
export function subscriptionPerCall(redisUrl: string): ToolResults {
  const publisher = new Redis(redisUrl);
  publisher.on('error', () => {});
  let pending = 0;
  return {
    expect: async (id, signal) => {
      const replyTo = `tool:${id}`;
      const subscriber = new Redis(redisUrl);
      subscriber.on('error', () => {});
      pending++;
      const result = new Promise<string>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        subscriber.on('message', (_channel, message) => resolve(message));
      }).finally(() => {
        pending--;
        subscriber.disconnect();
      });
      result.catch(() => {}); // the turn awaits it later
      await subscriber.subscribe(replyTo);
      return { replyTo, result };
    },
    deliver: async (replyTo, _id, result) => void (await publisher.publish(replyTo, result)),
    get pending() {
      return pending;
    },
    stats: () => ({ pending }),
    close: async () => publisher.disconnect(),
  };
}

/** After: one subscription for the process, any number of pending calls. Without Redis it reaches this process alone. */
export async function sharedInbox(redis: Redis | undefined): Promise<ToolResults> {
  const transport = redis === undefined ? memoryTransport() : redisTransport({ client: redis });
  const bus = createBus({ transport, namespace: 'chat' });
  const inbox = createInbox<string>({ bus, name: `tools-${randomUUID()}` });
  await bus.start();
  return {
    expect: async (id, signal) => {
      const result = inbox.waitFor(id, { signal });
      result.catch(() => {}); // the turn awaits it later
      return { replyTo: inbox.replyTo, result };
    },
    deliver: (replyTo, id, result) => inbox.resolve(replyTo, id, result),
    get pending() {
      return inbox.pending;
    },
    stats: () => ({ pending: inbox.pending, bus: bus.stats() }),
    close: async () => {
      await inbox.close();
      await bus.close();
    },
  };
}
