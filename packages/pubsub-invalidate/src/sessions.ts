import { backoffMs } from './backoff.ts';
import { pause, unrefTimeout, withDeadline } from './deadline.ts';
import { BusDeadlineError } from './errors.ts';
import type { Session, Transport } from './transport.ts';

export interface SessionsOptions {
  readonly transport: Transport;
  readonly now: () => number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** All channels that a new session must subscribe to before it counts. */
  channels(): readonly string[];
  onMessage(channel: string, data: string): void;
  onTrimmed(channel: string): void;
  /** Every channel was acknowledged; `resumed` are those on which nothing was missed. */
  onUp(channels: readonly string[], resumed: readonly string[]): void;
  onLost(reason: 'closed' | 'silence', error: unknown): void;
  onConnectFailed(error: unknown): void;
  onRoundTrip(ms: number): void;
}

const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;

/**
 * Keeps one subscriber session alive for ever: connect, subscribe to everything, only then `onUp`; ping with a deadline;
 * when it closes or goes silent let go of it and open the next one, with jittered back-off and without end.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #abort = new AbortController();
  #current: Session | undefined;
  #lose: ((reason: 'closed' | 'silence', error: unknown) => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Subscribes on the running session; answers what it resumes. `undefined`: there is none, the next one takes the channel along. */
  async subscribe(channel: string): Promise<readonly string[] | undefined> {
    const session = this.#current;
    if (!session) return undefined;
    try {
      const subscribe = (): Promise<readonly string[]> => session.subscribe([channel]);
      const resumed = await withDeadline(`subscribing to ${channel}`, this.#options.connectTimeoutMs, subscribe);
      return session === this.#current ? resumed : undefined;
    } catch (error) {
      if (session === this.#current) this.#lose?.('closed', error);
      return undefined;
    }
  }

  /** Best effort: a channel that nobody listens to costs traffic, no more. */
  unsubscribe(channel: string): void {
    this.#current?.unsubscribe([channel]).catch(() => {});
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the bus is closed'));
    this.#lose?.('closed', undefined);
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let failures = 0;
    while (!signal.aborted) {
      const startedMs = this.#options.now();
      try {
        await this.#one();
        if (this.#options.now() - startedMs > MAX_RETRY_MS) failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.onConnectFailed(error);
      }
      await pause(backoffMs(failures++, MIN_RETRY_MS, MAX_RETRY_MS), signal);
    }
  }

  /** One session from its first packet to its last. Rejects when it never came up. */
  async #one(): Promise<void> {
    const options = this.#options;
    let session: Session | undefined;
    let end!: () => void;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let over: { error: unknown } | undefined;
    const lose = (reason: 'closed' | 'silence', error: unknown): void => {
      if (over) return;
      over = { error };
      if (this.#current && !this.#abort.signal.aborted) options.onLost(reason, error);
      this.#current = undefined;
      session?.close();
      end();
    };
    const handlers = {
      message: (channel: string, data: string) => {
        if (!over) options.onMessage(channel, data);
      },
      trimmed: (channel: string) => {
        if (!over) options.onTrimmed(channel);
      },
      closed: (error?: Error) => lose('closed', error),
    };
    try {
      session = await this.#open(handlers);
      const channels = options.channels();
      const opened = session;
      const subscribe = (): Promise<readonly string[]> =>
        Promise.race([opened.subscribe(channels), ended.then(() => Promise.reject(closedEarly(over?.error)))]);
      const resumed = await withDeadline('subscribing', options.connectTimeoutMs, subscribe, this.#abort.signal);
      if (over) throw closedEarly(over.error);
      this.#current = session;
      this.#lose = lose;
      options.onUp(channels, resumed);
    } catch (error) {
      over ??= { error };
      session?.close();
      throw error;
    }
    this.#pingUntil(session, ended, lose);
    await ended;
  }

  async #open(handlers: Parameters<Transport['connect']>[0]): Promise<Session> {
    const { transport, connectTimeoutMs } = this.#options;
    const connect = (signal: AbortSignal): Promise<Session> =>
      transport.connect(handlers, signal).then((session) => {
        if (signal.aborted) session.close(); // too late: nobody waits for it
        return session;
      });
    return withDeadline(`connecting over ${transport.name}`, connectTimeoutMs, connect, this.#abort.signal);
  }

  #pingUntil(session: Session, ended: Promise<void>, lose: (reason: 'silence', error: unknown) => void): void {
    const { pingMs, pingTimeoutMs, now, onRoundTrip } = this.#options;
    if (pingMs === Infinity) return;
    let timer: ReturnType<typeof setTimeout>;
    const ping = (): void => {
      const sentMs = now();
      withPingDeadline(session, pingTimeoutMs).then(
        () => {
          onRoundTrip(now() - sentMs);
          if (session === this.#current) timer = unrefTimeout(ping, pingMs);
        },
        (error: unknown) => lose('silence', error),
      );
    };
    timer = unrefTimeout(ping, pingMs);
    void ended.then(() => clearTimeout(timer));
  }
}

const closedEarly = (cause: unknown): Error => new Error('the connection closed while it subscribed', { cause });

/** A process that was stopped wakes up with the deadline behind it and the answer in its socket: it gets one more turn to be read. */
function withPingDeadline(session: Session, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const expire = (): void => {
      timer = unrefTimeout(
        () => reject(new BusDeadlineError('ping on the subscriber connection', ms)),
        Math.min(ms / 10, 50),
      );
    };
    let timer = unrefTimeout(expire, ms);
    session
      .ping()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
