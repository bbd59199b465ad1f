import { later } from './deadline.ts';
import type { DegradedReason } from './events.ts';
import type { LaneOptions } from './lane.ts';
import type { NamedRule } from './rules.ts';
import type { CheckGroup, GroupAnswer } from './store.ts';
import { afterInput, type WaitingGroup } from './turn-queue.ts';

/** A batch on its way. `answered` once its callers have their decisions, from the store or from here. */
export interface SentBatch {
  readonly groups: readonly WaitingGroup[];
  readonly rules: readonly NamedRule[];
  readonly sentAtMs: number;
  /** By this process's clock, whatever `now` the limiter was given. */
  readonly dueAtMs: number;
  answered: boolean;
}

export interface SenderEvents {
  onAnswers(batch: SentBatch, answers: readonly GroupAnswer[]): void;
  /** The answers to a batch that was answered here meanwhile. */
  onLate(batch: SentBatch, answers: readonly GroupAnswer[]): void;
  onFailure(reason: DegradedReason, message?: string): void;
  answerHere(groups: readonly WaitingGroup[]): void;
}

/** Sends groups as batches, any number at a time, each with a deadline. */
export class BatchSender {
  readonly #options: LaneOptions;
  readonly #events: SenderEvents;
  /** Oldest first. Not a Set: those that come and go leave V8 a chain of tables, which keeps them alive for long. */
  readonly #inFlight: SentBatch[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LaneOptions, events: SenderEvents) {
    this.#options = options;
    this.#events = events;
  }

  send(groups: readonly WaitingGroup[], epoch: string): void {
    const { maxGroups } = this.#options.store;
    for (let from = 0; from < groups.length; from += maxGroups) {
      this.#sendOne(groups.length <= maxGroups ? groups : groups.slice(from, from + maxGroups), epoch);
    }
  }

  /** Answers everything that is on its way here and now. Replies that still come are late. */
  giveUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const batch of this.#inFlight.splice(0)) {
      batch.answered = true;
      this.#events.answerHere(batch.groups);
    }
  }

  #sendOne(groups: readonly WaitingGroup[], epoch: string): void {
    const { context, store, shard, timeoutMs } = this.#options;
    const batch: SentBatch = {
      groups,
      rules: context.rules,
      sentAtMs: context.now(),
      dueAtMs: performance.now() + timeoutMs,
      answered: false,
    };
    this.#inFlight.push(batch);
    this.#watch(timeoutMs);
    context.counters.calls++;
    const request = { epoch, rules: batch.rules, groups: groups.map(toGroup), penalize: context.penalizeRejected };
    store.check(shard, request).then(
      (answers) => this.#onReply(batch, answers),
      (error: unknown) => this.#onError(batch, error),
    );
  }

  #finish(batch: SentBatch): boolean {
    if (batch.answered) return false;
    batch.answered = true;
    this.#inFlight.splice(this.#inFlight.indexOf(batch), 1);
    return true;
  }

  /** One timer for all batches: their deadlines pass in the order in which they were sent. */
  #watch(delayMs: number): void {
    if (this.#timer !== undefined) return;
    // What is waited for is the connection, which holds the process.
    this.#timer = later(delayMs, () => {
      this.#timer = undefined;
      // A process that was busy finds its timers due before it has read the answers that are already there.
      afterInput(() => this.#timeOut());
    });
  }

  #timeOut(): void {
    const oldest = this.#inFlight[0];
    if (oldest === undefined) return;
    const leftMs = oldest.dueAtMs - performance.now();
    if (leftMs > 0) {
      this.#watch(Math.ceil(leftMs));
      return;
    }
    this.#options.context.counters.timeouts++;
    this.#events.onFailure('timeout');
  }

  #onReply(batch: SentBatch, answers: readonly GroupAnswer[] | 'state-lost'): void {
    if (answers === 'state-lost') {
      if (!batch.answered) this.#events.onFailure('state-lost');
      return;
    }
    if (this.#finish(batch)) this.#events.onAnswers(batch, answers);
    else this.#events.onLate(batch, answers);
  }

  #onError(batch: SentBatch, error: unknown): void {
    if (batch.answered) return;
    const { store, shard } = this.#options;
    // Only the message: a driver's error may carry the command, and with it keys.
    this.#events.onFailure(
      store.connected(shard) ? 'error' : 'disconnected',
      error instanceof Error ? error.message : String(error),
    );
  }
}

const toGroup = (group: WaitingGroup): CheckGroup => ({
  key: group.key,
  cost: group.check.cost,
  count: group.kind === 'peek' ? 0 : group.waiters.length,
  rules: group.rules,
});
