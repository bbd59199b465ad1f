import { linkFaults, type MemoryFaults } from './memory-faults.ts';
import type { OutgoingMessage, Session, SessionHandlers, Transport } from './transport.ts';

export type { MemoryFaults, MemoryMessage } from './memory-faults.ts';

interface Subscriber {
  readonly channels: Set<string>;
  receive(message: OutgoingMessage, from: object): void;
  end(error: Error): void;
}

/** The broker of memory transports: a process-wide "server" for tests, and for programs of one process. */
export interface MemoryHub {
  /** Ends every session, as a restart of a server does. The buses come back by themselves. */
  disconnectAll(): void;
  readonly sessions: number;
}

interface Hub extends MemoryHub {
  readonly subscribers: Set<Subscriber>;
  publish(message: OutgoingMessage, from: object): void;
}

/** Makes a hub; transports that share it hear each other. */
export function createMemoryHub(): MemoryHub {
  const subscribers = new Set<Subscriber>();
  const hub: Hub = {
    subscribers,
    get sessions() {
      return subscribers.size;
    },
    publish(message, from) {
      for (const one of subscribers) if (one.channels.has(message.channel)) one.receive(message, from);
    },
    disconnectAll() {
      for (const one of subscribers) one.end(new Error('the memory hub was restarted'));
    },
  };
  return hub;
}

/** For `memoryTransport`. */
export interface MemoryTransportOptions {
  /** Default: a hub of its own, so that the bus hears only itself. */
  readonly hub?: MemoryHub | undefined;
  /** What goes wrong on the way to and from the hub, to test an own binding with. */
  readonly faults?: MemoryFaults | undefined;
}

/** A transport inside one process. Messages arrive in a later microtask, never inside `publish`. */
export function memoryTransport(options: MemoryTransportOptions = {}): Transport {
  const { hub = createMemoryHub(), faults = {} } = options;
  const { publish, subscribers } = hub as Hub;
  if (typeof publish !== 'function') throw new TypeError('hub: expected a hub made by createMemoryHub');
  const self = {};
  const link = linkFaults(faults);
  return {
    name: 'memory',
    maxPayloadBytes: 1_048_576,
    transactional: false,
    connect: async (handlers, signal) => {
      await link.reach(signal);
      return openSession(subscribers, handlers, link, self);
    },
    publish: async (batch, signal) => {
      await link.reach(signal);
      for (const message of batch) link.pass({ ...message, direction: 'out' }, (passed) => publish(passed, self));
    },
    close: async () => {},
  };
}

function openSession(
  subscribers: Set<Subscriber>,
  handlers: SessionHandlers,
  link: ReturnType<typeof linkFaults>,
  self: object,
): Session {
  const closing = new AbortController();
  const subscriber: Subscriber = {
    channels: new Set(),
    receive(message, from) {
      const take = ({ channel, data }: OutgoingMessage): void => {
        queueMicrotask(() => {
          if (subscribers.has(subscriber) && !link.isPartitioned()) handlers.message(channel, data);
        });
      };
      if (from === self) take(message); // its own message has met the faults on its way out
      else link.pass({ ...message, direction: 'in' }, take);
    },
    end(error) {
      if (subscribers.delete(subscriber)) handlers.closed(error);
    },
  };
  subscribers.add(subscriber);
  return {
    subscribe: async (channels) => {
      await link.reach(closing.signal);
      for (const channel of channels) subscriber.channels.add(channel);
      return [];
    },
    unsubscribe: async (channels) => {
      for (const channel of channels) subscriber.channels.delete(channel);
    },
    ping: () => link.reach(closing.signal),
    close: () => {
      closing.abort(new Error('the session is closed'));
      subscribers.delete(subscriber);
    },
  };
}
