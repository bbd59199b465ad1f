import { coreOf, type Bus } from './bus.ts';
import { checkCount, checkMs, checkName, checkText } from './check.ts';
import { CheckLine } from './check-line.ts';
import type { BusCore } from './core.ts';
import { EarlyResults } from './early-results.ts';
import { InboxClosedError, InboxFullError, InboxRejectedError, InboxResultSizeError } from './errors.ts';
import { Waiter, type WaiterOwner, type WaitOptions } from './waiter.ts';
import { encodeResult, ENVELOPE_BYTES, type Body, type InboxResult } from './message.ts';
import { byteLength, inboxChannel, isInboxChannel } from './names.ts';
import type { Consumer, Subscription } from './subscriptions.ts';
import { ignore } from './ticket.ts';

/** For `createInbox`. */
export interface InboxOptions {
  readonly bus: Bus;
  /** Part of the channel's name; one inbox of a name for a bus. */
  readonly name: string;
  /** Promises that may wait at once (100_000). */
  readonly maxPending?: number | undefined;
  /** Milliseconds that a result is kept which came before its `waitFor` (5_000). */
  readonly earlyMs?: number | undefined;
}

/** Where one process waits for results that others publish. */
export interface Inbox<T> extends AsyncDisposable {
  /** Goes into the job: who has the result publishes it to exactly this process. */
  readonly replyTo: string;
  /** Promises that wait right now. */
  readonly pending: number;
  /** Resolves when the server has acknowledged the inbox. Rejects when the inbox or its bus was closed. */
  ready(): Promise<void>;
  /**
   * Waits for the result of `id`. The same id may be waited for several times: all get it.
   * @throws {InboxTimeoutError} Not within `timeoutMs`. @throws {InboxFullError} `maxPending` wait already.
   * @throws {InboxClosedError} The inbox or its bus was closed. @throws {InboxRejectedError} The producer called `reject`.
   */
  waitFor(id: string, options?: WaitOptions<T>): Promise<T>;
  /** For the producer: sends a result to the process behind `replyTo`; resolves when the broker has it. */
  resolve(replyTo: string, id: string, value: T): Promise<void>;
  /** For the producer: fails the wait; `code` and `message` travel, nothing else. */
  reject(replyTo: string, id: string, error: { readonly code?: string; readonly message: string }): Promise<void>;
  /** Rejects all who wait and leaves the channel. Idempotent. */
  close(): Promise<void>;
}

/** Makes the inbox of this process: one subscription, any number of promises. */
export function createInbox<T>(options: InboxOptions): Inbox<T> {
  const { bus, name, maxPending = 100_000, earlyMs = 5_000 } = options;
  const core = coreOf(bus);
  checkName('name', name);
  checkCount('maxPending', maxPending);
  checkMs('earlyMs', earlyMs, { zero: true });
  return new InboxConsumer<T>(core, name, maxPending, earlyMs);
}

class InboxConsumer<T> implements Consumer, Inbox<T> {
  readonly replyTo: string;
  readonly #core: BusCore;
  readonly #maxPending: number;
  readonly #early: EarlyResults;
  readonly #checks = new CheckLine();
  readonly #waiters = new Map<string, Set<Waiter<T>> | Waiter<T>>();
  readonly #subscription: Subscription;
  readonly #owner: WaiterOwner<T> = {
    fail: (waiter, error) => this.#fail(waiter, error),
    check: (waiter) => this.#check(waiter),
  };
  #pending = 0;
  #closed = false;

  constructor(core: BusCore, name: string, maxPending: number, earlyMs: number) {
    this.#core = core;
    this.#maxPending = maxPending;
    this.#early = new EarlyResults(earlyMs, maxPending, core.settings.now);
    this.replyTo = inboxChannel(core.settings.namespace, name, core.id);
    if (core.listensOn(this.replyTo)) throw new TypeError(`name: this bus has an inbox called ${name} already`);
    this.#subscription = core.open(this.replyTo, this);
  }

  get pending(): number {
    return this.#pending;
  }

  ready(): Promise<void> {
    return this.#subscription.ready();
  }

  waitFor(id: string, options: WaitOptions<T> = {}): Promise<T> {
    let waiter!: Waiter<T>;
    const promise = new Promise<T>((resolve, reject) => {
      waiter = new Waiter(checkText('id', id), options, resolve, reject);
    });
    promise.catch(ignore);
    if (waiter) this.#begin(waiter);
    return promise;
  }

  resolve(replyTo: string, id: string, value: T): Promise<void> {
    return this.#send(replyTo, { id, outcome: 'value', value });
  }

  reject(replyTo: string, id: string, error: { readonly code?: string; readonly message: string }): Promise<void> {
    if (typeof error !== 'object' || error === null) {
      return Promise.reject(new TypeError(`error: expected an object with a message, got ${String(error)}`));
    }
    const { code = 'ERR_INBOX_REJECTED', message } = error;
    return this.#send(replyTo, { id, outcome: 'error', value: { code, message } });
  }

  async close(): Promise<void> {
    this.#subscription.close(new InboxClosedError());
    this.closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  deliver(body: Body): void {
    if (body.type !== 'results') return;
    for (const result of body.results) {
      const found = this.#waiters.get(result.id);
      if (!found) this.#early.add(result);
      else if (found instanceof Set) for (const waiter of found) this.#answer(waiter, result);
      else this.#answer(found, result);
    }
  }

  /** A result may be among what was missed, so everybody asks the store. */
  gap(): void {
    for (const waiter of this.#all()) this.#check(waiter);
  }

  closed(): void {
    this.#closed = true;
    for (const waiter of this.#all()) this.#fail(waiter, new InboxClosedError());
    this.#early.clear();
  }

  #begin(waiter: Waiter<T>): void {
    const { signal } = waiter;
    if (this.#closed) return waiter.reject(new InboxClosedError());
    if (signal?.aborted) return waiter.reject(signal.reason);
    if (this.#pending >= this.#maxPending) return waiter.reject(new InboxFullError(this.#maxPending));
    this.#add(waiter);
    const early = this.#early.take(waiter.id);
    if (early) this.#answer(waiter, early);
    if (!waiter.isWaiting) return;
    waiter.watch(this.#owner);
    this.#check(waiter);
  }

  #answer(waiter: Waiter<T>, { outcome, value }: InboxResult): void {
    if (outcome === 'value') return this.#succeed(waiter, value as T);
    if (outcome === 'error') return this.#fail(waiter, rejection(waiter.id, value));
    if (waiter.check) this.#check(waiter);
    else this.#fail(waiter, new InboxResultSizeError(waiter.id));
  }

  #check(waiter: Waiter<T>): void {
    const { check } = waiter;
    if (!check || !waiter.startCheck()) return;
    this.#checks.add(async () => {
      try {
        const value = waiter.isWaiting
          ? await untilAborted(check(waiter.id, waiter.checkSignal), waiter.checkSignal)
          : undefined;
        if (value !== undefined) this.#succeed(waiter, value);
      } catch (error) {
        if (waiter.isWaiting) this.#core.report.listenerFailed(error);
      }
      if (waiter.endCheck()) this.#check(waiter);
    });
  }

  #succeed(waiter: Waiter<T>, value: T): void {
    if (this.#remove(waiter)) waiter.resolve(value);
  }

  #fail(waiter: Waiter<T>, error: unknown): void {
    if (this.#remove(waiter)) waiter.reject(error);
  }

  #send(replyTo: string, result: InboxResult): Promise<void> {
    const { namespace, transport } = this.#core.settings;
    try {
      if (!isInboxChannel(namespace, replyTo))
        throw new TypeError('replyTo: expected the replyTo of an inbox of this namespace');
      checkText('id', result.id);
      if (this.#core.isOwnInbox(replyTo)) {
        this.#core.deliverHere(replyTo, { type: 'results', results: [result] }, true);
        return Promise.resolve();
      }
      const limit = transport.maxPayloadBytes - ENVELOPE_BYTES;
      let json = encodeResult(result.id, result.outcome, result.value);
      if (byteLength(json) >= limit) json = encodeResult(result.id, 'reference');
      if (byteLength(json) >= limit) throw new TypeError('id: longer than a message of this transport');
      return this.#core.publish(replyTo, 'r', json);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #all(): Waiter<T>[] {
    return [...this.#waiters.values()].flatMap((found) => (found instanceof Set ? [...found] : [found]));
  }

  /** One waiter for an id is the rule, and needs no set. */
  #add(waiter: Waiter<T>): void {
    const found = this.#waiters.get(waiter.id);
    if (!found) this.#waiters.set(waiter.id, waiter);
    else if (found instanceof Set) found.add(waiter);
    else this.#waiters.set(waiter.id, new Set([found, waiter]));
    this.#pending++;
  }

  #remove(waiter: Waiter<T>): boolean {
    if (!waiter.end()) return false;
    const found = this.#waiters.get(waiter.id);
    if (found instanceof Set) found.delete(waiter);
    if (!(found instanceof Set) || found.size === 0) this.#waiters.delete(waiter.id);
    this.#pending--;
    return true;
  }
}

/** A store that never answers must not keep a place that others wait for. */
function untilAborted<T>(work: Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    Promise.resolve(work).then(resolve, reject);
  });
}

function rejection(id: string, value: unknown): InboxRejectedError {
  const { code, message } = (value ?? {}) as { code?: unknown; message?: unknown };
  return new InboxRejectedError(
    id,
    typeof code === 'string' ? code : 'ERR_INBOX_REJECTED',
    typeof message === 'string' ? message : 'rejected',
  );
}
