import { connectionLike, type RedisClient, type RedisSubscriber } from './redis-client.ts';

/** One caller's place among those who wait for a key. What comes before `wait` is not lost. */
export interface Waiter {
  /** Resolves when the key has news, after `ms`, or at the abort of `signal`, whichever is first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  leave(): void;
}

/** Those of this process who wait for other processes, and the one connection on which they hear of news. */
export class RedisWaiters {
  readonly #client: RedisClient;
  readonly #channel: string;
  readonly #waiting = new Map<string, Set<() => void>>();
  #subscriber: RedisSubscriber | undefined;
  #closed = false;

  constructor(client: RedisClient, channel: string) {
    this.#client = client;
    this.#channel = channel;
  }

  enter(id: string): Waiter {
    let news = false;
    let wake = () => {};
    const poke = () => {
      news = true;
      wake();
    };
    const places = this.#waiting.get(id) ?? new Set();
    places.add(poke);
    this.#waiting.set(id, places);
    return {
      wait: async (ms, signal) => {
        this.#connect();
        if (!news && !signal.aborted) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(() => wake(), ms);
            wake = () => {
              clearTimeout(timer);
              signal.removeEventListener('abort', wake);
              resolve();
            };
            signal.addEventListener('abort', wake);
          });
        }
        news = false;
      },
      leave: () => {
        places.delete(poke);
        if (places.size === 0 && this.#waiting.get(id) === places) this.#waiting.delete(id);
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#subscriber?.disconnect();
    this.#wakeAll();
  }

  /** Made when first needed. Where it fails, those who wait still poll. */
  #connect(): void {
    if (this.#subscriber !== undefined || this.#closed) return;
    const subscriber = connectionLike(this.#client);
    this.#subscriber = subscriber;
    subscriber.on('error', () => {});
    subscriber.on('message', (_, id) => {
      if (id === '*') this.#wakeAll();
      else for (const poke of this.#waiting.get(id) ?? []) poke();
    });
    // On every connection anew, whatever the client's own settings are; and what was said meanwhile is lost.
    subscriber.on('ready', () => {
      subscriber.subscribe(this.#channel).then(
        () => this.#wakeAll(),
        () => {},
      );
    });
    subscriber.on('end', () => {
      if (this.#subscriber === subscriber) this.#subscriber = undefined;
    });
    if (subscriber.status === 'wait') subscriber.connect().catch(() => {});
  }

  #wakeAll(): void {
    for (const places of this.#waiting.values()) for (const poke of places) poke();
  }
}
