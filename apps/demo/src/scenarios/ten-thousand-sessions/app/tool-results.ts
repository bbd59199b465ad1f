import { randomUUID } from 'node:crypto';
import { createBus, createInbox, memoryTransport } from '@corral/pubsub-invalidate';
import { redisTransport } from '@corral/pubsub-invalidate/redis';
import { Redis } from 'ioredis';
import type { Statements } from '../../../db/statements.ts';
import type { StatementName } from '../schema.ts';

/** A tool runs on the user's device; its result may come in at any worker, and goes to the one whose turn waits. */
export interface ToolResults {
  /** Gets ready for the result of `id`, before the tool is asked for; stops waiting for it when `signal` aborts. */
  expect(id: string, signal: AbortSignal): Promise<{ replyTo: string; result: Promise<string> }>;
  /** At the worker that the device reached. */
  deliver(replyTo: string, id: string, result: string): Promise<void>;
  stats(): Record<string, unknown>;
  close(): Promise<void>;
}

/** Before: each pending call has a subscription, and with it a connection, of its own. */
export function subscriptionPerCall(redisUrl: string, connectionName: string): ToolResults {
  const publisher = new Redis(redisUrl, { connectionName });
  publisher.on('error', () => {});
  let pending = 0;
  return {
    expect: async (id, signal) => {
      const replyTo = `tool:${id}`;
      const subscriber = new Redis(redisUrl, { connectionName });
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
    stats: () => ({ pending }),
    close: async () => publisher.disconnect(),
  };
}

/** Where results are kept, for whom a message did not reach. */
export interface ResultStore {
  put(id: string, result: string): Promise<void>;
  find(id: string): Promise<string | undefined>;
}

export const resultsInDatabase = (db: Statements<StatementName>): ResultStore => ({
  put: async (id, result) => void (await db.run('StoreToolResult', [id, result])),
  find: async (id) => (await db.run<{ result: string }>('FindToolResult', [id]))[0]?.result,
});

/**
 * After: one subscription for the process, any number of pending calls. The message is a hint, the store has the result:
 * after an outage of Redis all who wait look there. Without Redis the listener reaches this process alone.
 */
export async function sharedInbox(redis: Redis | undefined, store?: ResultStore): Promise<ToolResults> {
  const transport = redis === undefined ? memoryTransport() : redisTransport({ client: redis });
  const bus = createBus({ transport, namespace: 'chat' });
  const inbox = createInbox<string>({ bus, name: `tools-${randomUUID()}` });
  await bus.start();
  return {
    expect: async (id, signal) => {
      const result = inbox.waitFor(id, { signal, check: store?.find });
      result.catch(() => {}); // the turn awaits it later
      return { replyTo: inbox.replyTo, result };
    },
    deliver: async (replyTo, id, result) => {
      await store?.put(id, result);
      await inbox.resolve(replyTo, id, result).catch(() => {}); // Redis is away: the store has it
    },
    stats: () => ({ pending: inbox.pending, bus: bus.stats() }),
    close: async () => {
      await inbox.close();
      await bus.close();
    },
  };
}
