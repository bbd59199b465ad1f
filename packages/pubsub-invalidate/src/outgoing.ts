import { backoffMs } from './backoff.ts';
import { Attempts, pause, timeout } from './deadline.ts';
import { BusClosedError, BusPublishError } from './errors.ts';
import type { Mark } from './message.ts';
import { Queue, type Field, type Flight } from './queue.ts';
import { Ticket } from './ticket.ts';
import type { OutgoingMessage, Transport } from './transport.ts';

export interface OutgoingOptions {
  readonly id: string;
  readonly transport: Transport;
  readonly now: () => number;
  readonly publishRetryMs: number;
  /** One attempt on the network may take this long. */
  readonly attemptMs: number;
  readonly maxDelayMs: number;
  readonly maxQueue: number;
  readonly maxBatch: number;
  /** Makes the heartbeat at the moment when it leaves, so that it tells of all that left before it. */
  makeBeat(marks: readonly Mark[]): readonly OutgoingMessage[];
  onSent(flight: Flight, withBeat: boolean): void;
  onAttemptFailed(error: unknown): void;
  onRejected(error: BusPublishError): void;
  onOverflow(channel: string): void;
}

const NOTHING: Flight = { messages: [], tickets: [], outlets: new Set() };
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;
const MANY_ITEMS = 64;

/**
 * The way out: one batch at a time over one connection, so that numbers arrive in order; while a batch is under way the
 * next one gathers. Nothing is given up: a promise rejects after `publishRetryMs`, its hint stays until the broker takes it.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #queue: Queue;
  readonly #abort = new AbortController();
  readonly #attempts: Attempts;
  readonly #gatherMs: number;
  #flight: Flight = NOTHING;
  #started = false;
  #closed = false;
  #scheduled = false;
  /** Counts `maxDelayMs` until the next batch may leave. */
  #delay: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #beatDue = false;
  #failures = 0;
  #lastError: unknown;
  #wake: (() => void) | undefined;
  #onIdle: (() => void) | undefined;
  /** Somebody waits for an item that is queued. */
  #isAwaited = false;
  #onHurry: (() => void) | undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    const { transport, attemptMs } = options;
    this.#attempts = new Attempts(`publishing over ${transport.name}`, attemptMs, this.#abort.signal);
    this.#gatherMs = transport.gatherMs ?? 0;
    this.#queue = new Queue({ ...options, maxPayloadBytes: transport.maxPayloadBytes });
  }

  get queued(): number {
    return this.#queue.size + this.#flight.tickets.length;
  }

  start(): void {
    this.#started = true;
    this.#schedule();
  }

  /** Queues one item; the promise resolves when the broker has it. `lazy`: nobody waits for that, so it may gather company. */
  push(channel: string, field: Field, json: string, lazy = false): Promise<void> {
    if (this.#closed) return refuse(channel, new BusClosedError());
    if (!lazy) this.#hurry();
    const { ticket, outcome } = this.#queue.push(channel, field, json, this.#options.now());
    if (outcome === 'full') this.#reject(ticket, `the queue holds its maximum of ${this.#options.maxQueue}`);
    if (outcome === 'collapsed') this.#options.onOverflow(channel);
    this.#schedule();
    return ticket.promise;
  }

  /** Sends a heartbeat behind all that is queued. */
  beat(): void {
    if (this.#closed) return;
    this.#beatDue = true;
    this.#schedule();
  }

  /** Tries again now, e.g. because a session came up. */
  retryNow(): void {
    this.#wake?.();
  }

  /** Rejects the promises that have waited for `publishRetryMs`. */
  expire(nowMs: number): void {
    const maxAgeMs = this.#options.publishRetryMs;
    const flying = this.#flight.tickets.filter((ticket) => !ticket.settled && nowMs - ticket.queuedMs >= maxAgeMs);
    const why = this.#started ? errorText(this.#lastError) : 'the bus was not started, call start()';
    for (const ticket of [...flying, ...this.#queue.overdue(nowMs, maxAgeMs)]) this.#reject(ticket, why);
  }

  /** Takes nothing new, sends what is queued and a last heartbeat, for at most `drainMs`; what is left then is rejected. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true;
    this.#hurry();
    if (this.#delay) this.#scheduled = false; // what gathers leaves now
    clearTimeout(this.#delay);
    if (this.#started && drainMs > 0) {
      this.#beatDue = true;
      this.#schedule();
      this.retryNow();
      await new Promise<void>((resolve) => {
        const timer = timeout(resolve, drainMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#abort.abort(new BusClosedError());
    this.retryNow();
    for (const ticket of [...this.#flight.tickets, ...this.#queue.drop()]) ticket.reject(new BusClosedError());
  }

  #schedule(): void {
    if (this.#scheduled || this.#running || !this.#started) return;
    this.#scheduled = true;
    const run = (): void => {
      this.#scheduled = false;
      this.#delay = undefined;
      void this.#run();
    };
    if (this.#options.maxDelayMs > 0 && !this.#closed) this.#delay = timeout(run, this.#options.maxDelayMs);
    else queueMicrotask(run);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (!this.#abort.signal.aborted && (this.#flight !== NOTHING || !this.#queue.isEmpty || this.#beatDue)) {
      await this.#step();
      if (this.#isTrickle) await this.#gather();
    }
    this.#running = false;
    this.#onIdle?.();
  }

  /** Something came while a batch was under way, but little: soon there is more, and a batch costs the broker the same. */
  get #isTrickle(): boolean {
    const waits = this.#flight === NOTHING && !this.#queue.isEmpty && this.#queue.size < MANY_ITEMS;
    return this.#gatherMs > 0 && waits && !this.#isAwaited && !this.#closed;
  }

  async #gather(): Promise<void> {
    const hurry = new AbortController();
    this.#onHurry = () => hurry.abort();
    await pause(this.#gatherMs, hurry.signal);
    this.#onHurry = undefined;
  }

  #hurry(): void {
    this.#isAwaited = true;
    this.#onHurry?.();
  }

  async #step(): Promise<void> {
    if (this.#flight === NOTHING) {
      this.#flight = this.#queue.take(this.#options.now());
      this.#isAwaited &&= !this.#queue.isEmpty;
    }
    const beat = this.#beatDue;
    this.#beatDue = false;
    const beats = beat ? this.#options.makeBeat(this.#queue.marks(this.#options.now())) : [];
    try {
      await this.#attempt([...this.#flight.messages, ...beats]);
    } catch (error) {
      this.#beatDue ||= beat;
      await this.#failed(error);
      return;
    }
    if (beat) this.#queue.beatSent();
    this.#queue.sent(this.#flight, this.#options.now());
    this.#options.onSent(this.#flight, beat);
    this.#flight = NOTHING;
    this.#failures = 0;
    this.#lastError = undefined;
  }

  #attempt(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.#attempts.run((signal) => this.#options.transport.publish(messages, signal));
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#lastError = error;
    this.#options.onAttemptFailed(error);
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await pause(backoffMs(this.#failures++, MIN_RETRY_MS, MAX_RETRY_MS), wake.signal);
    this.#wake = undefined;
  }

  #reject(ticket: Ticket, why: string): void {
    const error = new BusPublishError(ticket.channel, this.#options.now() - ticket.queuedMs, why, this.#lastError);
    ticket.reject(error);
    this.#options.onRejected(error);
  }
}

function refuse(channel: string, error: Error): Promise<void> {
  const ticket = new Ticket(channel, 0);
  ticket.reject(error);
  return ticket.promise;
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : 'no answer from the broker');
