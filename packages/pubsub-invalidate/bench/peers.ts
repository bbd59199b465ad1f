import { RedisTransport } from '@boringnode/bus/transports/redis';
import {
  createBus,
  createInvalidator,
  kind,
  type Bus,
  type Invalidator,
  type Kind,
  type Transport,
} from '@corral/pubsub-invalidate';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import pgListenModule from 'pg-listen';

// A CommonJS module whose default export sits below `default`.
const createSubscriber = pgListenModule.default;

/** One way from a publisher to a listener: `send` publishes, `onMessage` runs for each delivery. */
export interface Link {
  send(id: number): Promise<unknown>;
  onMessage: () => void;
  close(): Promise<void>;
}

/** About 100 bytes on the wire for everybody. */
const PAD = 'x'.repeat(40);
const payload = (id: number): string => JSON.stringify({ kind: 'userPrompt', id, pad: PAD });

type Kinds = { userPrompt: Kind<{ id: number; pad: string }> };

export async function corral(make: () => Transport): Promise<Link> {
  const namespace = crypto.randomUUID();
  const open = async (): Promise<{ bus: Bus; topic: Invalidator<Kinds> }> => {
    const bus = createBus({ transport: make(), namespace });
    const topic = createInvalidator({ bus, topic: 't', kinds: { userPrompt: kind<{ id: number; pad: string }>() } });
    await bus.start();
    return { bus, topic };
  };
  // The receiver subscribes first, as in the bare links: the broker serves subscribers in that order.
  const [receiver, sender] = [await open(), await open()];
  const link: Link = {
    send: (id) => sender.topic.publish('userPrompt', { id, pad: PAD }),
    onMessage: () => {},
    close: async () => {
      await Promise.all([sender.bus.close(), receiver.bus.close()]);
    },
  };
  receiver.topic.on('userPrompt', () => link.onMessage());
  return link;
}

/** The bare driver; the sender listens too, as every replica does. */
export async function rawRedis(client: Redis): Promise<Link> {
  const [sender, receiver, own] = [client.duplicate(), client.duplicate(), client.duplicate()];
  const channel = crypto.randomUUID();
  await Promise.all([receiver.subscribe(channel), own.subscribe(channel)]);
  const link: Link = {
    send: (id) => sender.publish(channel, payload(id)),
    onMessage: () => {},
    close: async () => {
      for (const one of [sender, receiver, own]) one.disconnect();
    },
  };
  receiver.on('message', () => link.onMessage());
  return link;
}

export async function boringnode(client: Redis): Promise<Link> {
  const [sender, receiver] = [
    new RedisTransport(client.duplicate()).setId('a'),
    new RedisTransport(client.duplicate()).setId('b'),
  ];
  const channel = crypto.randomUUID();
  const link: Link = {
    send: (id) => sender.publish(channel, payload(id)),
    onMessage: () => {},
    close: async () => {
      await Promise.all([sender.disconnect(), receiver.disconnect()]);
    },
  };
  await receiver.subscribe(channel, () => link.onMessage());
  return link;
}

/** The bare driver; the sender listens too, as every replica does. */
export async function rawPostgres(connect: () => Promise<Client>): Promise<Link> {
  const [sender, receiver, own] = [await connect(), await connect(), await connect()];
  const channel = crypto.randomUUID();
  for (const one of [receiver, own]) await one.query(`LISTEN "${channel}"`);
  const link: Link = {
    send: (id) => sender.query('SELECT pg_notify($1, $2)', [channel, payload(id)]),
    onMessage: () => {},
    close: async () => {
      await Promise.all([sender.end(), receiver.end(), own.end()]);
    },
  };
  receiver.on('notification', () => link.onMessage());
  return link;
}

export async function pgListen(connectionString: string): Promise<Link> {
  const [sender, receiver] = [createSubscriber({ connectionString }), createSubscriber({ connectionString })];
  const channel = `c${Math.floor(Math.random() * 1e9)}`;
  await Promise.all([sender.connect(), receiver.connect()]);
  await receiver.listenTo(channel);
  const link: Link = {
    send: (id) => sender.notify(channel, payload(id)),
    onMessage: () => {},
    close: async () => {
      await Promise.all([sender.close(), receiver.close()]);
    },
  };
  receiver.notifications.on(channel, () => link.onMessage());
  return link;
}

/** Publishes one after the other; answers the milliseconds from publish to delivery of each. */
export async function latencies(link: Link, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    const delivered = new Promise<void>((resolve) => {
      link.onMessage = resolve;
    });
    const sent = link.send(next++);
    await delivered;
    times.push(performance.now() - startMs);
    await sent;
  }
  return times;
}

/** Publishes `count`, `width` of them under way, and waits for the last delivery. */
export async function flood(link: Link, count: number, width: number): Promise<void> {
  let delivered = 0;
  const all = new Promise<void>((resolve) => {
    link.onMessage = () => {
      if (++delivered === count) resolve();
    };
  });
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await link.send(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
  await all;
}

let next = 1;
