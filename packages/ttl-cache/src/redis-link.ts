import {
  answered,
  closedBreaker,
  disconnected,
  isOpen,
  probeDelayMs,
  probeFailed,
  unanswered,
} from './redis-breaker.ts';
import { canSend, type RedisSender } from './redis-client.ts';
import { learnTime, serverTimeMs, type ServerClock } from './redis-clock.ts';
import { newToken } from './redis-envelope.ts';
import { RedisTierError } from './redis-errors.ts';
import { reply, timeScript, type Script } from './redis-scripts.ts';
import type { MutableStats } from './redis-stats.ts';

/** A script's answer: one of `reply`, and what follows the server's time. */
export interface Answer {
  readonly kind: number;
  readonly rest: readonly unknown[];
}

export interface Call {
  readonly script: Script;
  /** Those after the generation. */
  readonly keys: readonly string[];
  /** Those after the first three. */
  readonly args: readonly (string | Buffer)[];
  /**
   * May be sent again, when Redis had it too late or did not know the script. Not for what must keep its place among the calls for
   * a key: `set`, `delete`, `clear`.
   */
  readonly again: boolean;
  /** The answer came after the caller was told that there is none. */
  readonly onLate?: ((answer: Answer) => void) | undefined;
}

interface Pending extends Call {
  readonly endsMs: number;
  settled: boolean;
  resent: boolean;
  resolve(answer: Answer): void;
  reject(error: RedisTierError): void;
}

/** A generation outlives every entry: what writes or misses renews it, and so does one hit in 16; none lives longer. */
export const longestLifeMs: number = 30 * 86_400_000;

/**
 * The way to the keys of one shard. Each call is answered or fails within its budget, is sent at once or not at all,
 * and takes effect, if ever, before its caller is told that it failed: it carries its deadline in the server's own time, as learned from
 * its answers. While nobody answers, one probe at a time is under way, so nothing queues up in the client.
 */
export class RedisLink {
  readonly #client: RedisSender;
  readonly #generation: string;
  readonly #timeoutMs: number;
  readonly #stats: MutableStats;
  readonly #onOpen: (open: boolean) => void;
  #breaker = closedBreaker;
  #clock: ServerClock | undefined;
  #learning = false;
  #queue: Pending[] = [];
  #probe: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    client: RedisSender,
    generation: string,
    timeoutMs: number,
    stats: MutableStats,
    onOpen: (open: boolean) => void,
  ) {
    this.#client = client;
    this.#generation = generation;
    this.#timeoutMs = timeoutMs;
    this.#stats = stats;
    this.#onOpen = onOpen;
  }

  /** @throws {RedisTierError} (as a rejection, within `budgetMs`) There is no answer. */
  ask(call: Call, budgetMs: number = this.#timeoutMs): Promise<Answer> {
    if (this.#closed) return Promise.reject(new RedisTierError('closed'));
    if (!isOpen(this.#breaker) && !canSend(this.#client)) this.#change(disconnected(this.#breaker));
    if (isOpen(this.#breaker)) {
      this.#stats.skipped++;
      return Promise.reject(new RedisTierError('away'));
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = { ...call, endsMs: now() + budgetMs, settled: false, resent: false, resolve, reject };
      const timer = setTimeout(() => {
        // A blocked event loop comes to its timers before it reads the answers that lie there already.
        setImmediate(() => pending.settled || this.#fail(pending, new RedisTierError('timeout')));
      }, budgetMs);
      const settle = () => {
        pending.settled = true;
        clearTimeout(timer);
      };
      pending.resolve = (answer) => {
        settle();
        resolve(answer);
      };
      pending.reject = (error) => {
        settle();
        reject(error);
      };
      // First come, first sent: who comes while the server's time is being learned waits behind those before.
      if (this.#clock !== undefined && this.#queue.length === 0) return this.#send(pending, this.#clock);
      this.#queue.push(pending);
      this.#learn();
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#probe);
    for (const pending of this.#queue.splice(0)) pending.reject(new RedisTierError('closed'));
  }

  #send(pending: Pending, clock: ServerClock): void {
    if (pending.settled) return;
    const keys = [this.#generation, ...pending.keys];
    const args = [
      ...keys,
      String(serverTimeMs(clock, pending.endsMs)),
      newToken(),
      String(longestLifeMs),
      ...pending.args,
    ];
    const { text, sha1 } = pending.script;
    const onAnswer = (raw: unknown) => this.#answer(pending, raw as readonly unknown[]);
    const onError = (error: unknown) => this.#refused(pending, error);
    const sendWhole = () => void this.#client.evalBuffer(text, keys.length, ...args).then(onAnswer, onError);
    if (!pending.again) return sendWhole();
    void this.#client.evalshaBuffer(sha1, keys.length, ...args).then(onAnswer, (error: unknown) => {
      if (pending.settled || !String(error).includes('NOSCRIPT')) onError(error);
      else sendWhole();
    });
  }

  #answer(pending: Pending, [kind, serverMs, ...rest]: readonly unknown[]): void {
    const clock = this.#learned(Number(serverMs));
    const answer = { kind: Number(kind), rest };
    if (pending.settled) return pending.onLate?.(answer);
    this.#change(answered(this.#breaker));
    if (answer.kind !== reply.late) return pending.resolve(answer);
    if (!pending.again || pending.resent) return this.#reject(pending, new RedisTierError('late'));
    pending.resent = true;
    this.#send(pending, clock);
  }

  #refused(pending: Pending, error: unknown): void {
    if (pending.settled) return;
    if (isReply(error)) {
      this.#change(answered(this.#breaker));
      this.#reject(pending, new RedisTierError('reply', error));
    } else this.#fail(pending, new RedisTierError('away', error));
  }

  #fail(pending: Pending, error: RedisTierError): void {
    this.#change(unanswered(this.#breaker));
    this.#reject(pending, error);
  }

  #reject(pending: Pending, error: RedisTierError): void {
    this.#stats.failures++;
    pending.reject(error);
  }

  /** Asks for the server's time. It never changes anything, so it may arrive whenever it likes. */
  #askTime(): Promise<void> {
    return this.#client.evalBuffer(timeScript.text, 1, this.#generation, '9007199254740991').then((raw) => {
      this.#learned(Number((raw as readonly unknown[])[1]));
    });
  }

  #learn(): void {
    if (this.#learning) return;
    this.#learning = true;
    this.#askTime()
      .catch((error: unknown) => {
        for (const pending of this.#queue.splice(0)) this.#refused(pending, error);
      })
      .finally(() => (this.#learning = false));
  }

  #learned(serverMs: number): ServerClock {
    const clock = learnTime(this.#clock, serverMs, now());
    this.#clock = clock;
    for (const pending of this.#queue.splice(0)) this.#send(pending, clock);
    return clock;
  }

  #change(next: typeof closedBreaker): void {
    const wasOpen = isOpen(this.#breaker);
    this.#breaker = next;
    if (isOpen(next) === wasOpen || this.#closed) return;
    this.#onOpen(isOpen(next));
    if (isOpen(next)) this.#probeLater();
  }

  #probeLater(): void {
    if (this.#closed) return;
    this.#probe = setTimeout(() => void this.#tryProbe(), probeDelayMs(this.#breaker));
    this.#probe.unref();
  }

  /** At most one is under way, however long it takes: it may sit in the client's own queue. */
  async #tryProbe(): Promise<void> {
    const startMs = now();
    const alive =
      canSend(this.#client) &&
      (await this.#askTime().then(
        () => true,
        (error: unknown) => isReply(error),
      ));
    if (alive && now() - startMs <= this.#timeoutMs) return this.#change(closedBreaker);
    this.#breaker = probeFailed(this.#breaker);
    this.#probeLater();
  }
}

const now = () => performance.now();

/** Redis said no; anything else means that it said nothing. */
const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';
