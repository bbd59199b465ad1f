import type { Gap } from './events.ts';
import type { Body } from './message.ts';

/** Who listens on a channel. What it throws is reported and breaks nothing. */
export interface Consumer {
  deliver(body: Body, own: boolean): void;
  gap(gap: Gap): void;
  /** Called when the bus becomes suspect, and again each heartbeat until it is live. */
  doubt?(): void;
  /** Promises that wait here. */
  readonly pending?: number;
  closed?(): void;
}

export interface Subscription {
  readonly channel: string;
  /** False also after `close()`. */
  readonly isAcknowledged: boolean;
  /** Resolves when the server has acknowledged the channel; rejects when the bus, or this subscription, closes first. */
  ready(): Promise<void>;
  /** Leaves; who waits in `ready()` gets `error`. Idempotent. */
  close(error: Error): void;
}

interface Entry {
  readonly consumers: Set<Consumer>;
  acknowledged: boolean;
  /** A gap `first-subscribe` was given; every later one has another reason. */
  seen: boolean;
  readonly waiting: Set<Waiting>;
}

interface Waiting {
  readonly consumer: Consumer;
  resolve(): void;
  reject(error: unknown): void;
}

/** All channels of a bus and who listens on them. */
export class Subscriptions {
  readonly #entries = new Map<string, Entry>();
  readonly #onError: (error: unknown) => void;
  #closed: Error | undefined;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#entries.size;
  }

  get pending(): number {
    let sum = 0;
    for (const { consumers } of this.#entries.values()) for (const consumer of consumers) sum += consumer.pending ?? 0;
    return sum;
  }

  has(channel: string): boolean {
    return this.#entries.has(channel);
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  acknowledged(): string[] {
    return this.names().filter((channel) => this.isAcknowledged(channel));
  }

  isAcknowledged(channel: string): boolean {
    return this.#entries.get(channel)?.acknowledged ?? false;
  }

  /** Adds a consumer; `onEmpty` runs when the channel's last one leaves. */
  add(channel: string, consumer: Consumer, onEmpty: () => void): { subscription: Subscription; isNew: boolean } {
    const known = this.#entries.get(channel);
    const entry: Entry = known ?? { consumers: new Set(), acknowledged: false, seen: false, waiting: new Set() };
    this.#entries.set(channel, entry);
    entry.consumers.add(consumer);
    let left: Error | undefined;
    const end = (): Error | undefined => left ?? this.#closed;
    const subscription: Subscription = {
      channel,
      get isAcknowledged() {
        return entry.acknowledged && end() === undefined;
      },
      ready: () => {
        if (subscription.isAcknowledged) return Promise.resolve();
        const promise = new Promise<void>((resolve, reject) => {
          if (end() === undefined) entry.waiting.add({ consumer, resolve, reject });
          else reject(end());
        });
        promise.catch(() => {});
        return promise;
      },
      close: (error) => {
        left ??= error;
        for (const one of entry.waiting) if (one.consumer === consumer && entry.waiting.delete(one)) one.reject(left);
        if (!entry.consumers.delete(consumer) || entry.consumers.size > 0) return;
        this.#entries.delete(channel);
        onEmpty();
      },
    };
    return { subscription, isNew: known === undefined };
  }

  /** The server has acknowledged these; answers those that were acknowledged for the first time. */
  acknowledge(channels: readonly string[]): { first: string[]; again: string[] } {
    const first: string[] = [];
    const again: string[] = [];
    for (const channel of channels) {
      const entry = this.#entries.get(channel);
      if (!entry) continue;
      (entry.seen ? again : first).push(channel);
      entry.seen = true;
      entry.acknowledged = true;
    }
    return { first, again };
  }

  /** Lets `ready()` resolve; after the gap, so that who waits finds a clean cache. */
  release(channels: readonly string[]): void {
    for (const channel of channels) {
      const waiting = this.#entries.get(channel)?.waiting;
      for (const { resolve } of waiting ?? []) resolve();
      waiting?.clear();
    }
  }

  /** The session is gone: nothing is acknowledged any more. */
  forgetAcknowledgements(): void {
    for (const entry of this.#entries.values()) entry.acknowledged = false;
  }

  deliver(channel: string, body: Body, own: boolean): void {
    for (const consumer of this.#entries.get(channel)?.consumers ?? []) this.#guard(() => consumer.deliver(body, own));
  }

  gap(gap: Gap): void {
    const touched = new Set<Consumer>();
    for (const channel of gap.channels) for (const one of this.#entries.get(channel)?.consumers ?? []) touched.add(one);
    for (const consumer of touched) this.#guard(() => consumer.gap(gap));
  }

  doubt(): void {
    for (const { consumers } of this.#entries.values()) for (const one of consumers) this.#guard(() => one.doubt?.());
  }

  close(error: Error): void {
    this.#closed = error;
    for (const { consumers, waiting } of this.#entries.values()) {
      for (const { reject } of waiting) reject(error);
      waiting.clear();
      for (const consumer of consumers) this.#guard(() => consumer.closed?.());
    }
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#onError(error);
    }
  }
}
