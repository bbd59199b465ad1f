import { type Context, finish, type LimiterState } from './backend.ts';
import { BatchSender, type SentBatch } from './batch-sender.ts';
import { later, within } from './deadline.ts';
import { refusal, type Decision } from './decision.ts';
import { PLAIN } from './engine.ts';
import type { DenyCache } from './deny-cache.ts';
import type { DegradedReason } from './events.ts';
import { Ledger } from './ledger.ts';
import { settleGroup } from './settle.ts';
import type { StandIn } from './stand-in.ts';
import type { Amendment, GroupAnswer, Store } from './store.ts';
import { TurnQueue, type WaitingGroup } from './turn-queue.ts';

export type Unavailable = 'local' | 'open' | 'closed';

export interface LaneOptions {
  readonly context: Context;
  readonly store: Store;
  readonly shard: number;
  readonly standIn: StandIn;
  readonly denials: DenyCache;
  readonly onUnavailable: Unavailable;
  readonly timeoutMs: number;
}

/** Pauses between probes, milliseconds. The longest one, with a reconnect, must stay below the grace. */
const PROBE_MS = { first: 20, last: 150 };
/** After its return a process counts itself too for this long: all others are back and have merged by then. */
const GRACE_MS = 700;

/** One shard of the store as one limiter sees it: asks it, notices that it is gone, stands in for it, brings it up to date. */
export class Lane {
  state: LimiterState = 'degraded';
  readonly #options: LaneOptions;
  readonly #queue: TurnQueue;
  readonly #sender: BatchSender;
  readonly #ledger: Ledger;
  #epoch = '';
  #announced = false;
  #degradedAtMs: number;
  #stateLost = false;
  #probing = false;
  #probes = 0;
  #probeTimer: ReturnType<typeof setTimeout> | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #unwatch: () => void;
  readonly #onAnswered: () => void;
  readonly ready: Promise<void>;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { context, store, shard } = options;
    this.#degradedAtMs = context.now();
    this.#ledger = new Ledger(options);
    let onAnswered = (): void => {};
    this.ready = new Promise((resolve) => (onAnswered = resolve));
    this.#onAnswered = onAnswered;
    this.#sender = new BatchSender(options, {
      onAnswers: (batch, answers) => this.#settle(batch, answers),
      onLate: (batch, answers) => this.#reconcile(batch, answers),
      onFailure: (reason, message) => this.#degrade(reason, message),
      answerHere: (groups) => this.#answerHere(groups),
    });
    this.#queue = new TurnQueue((groups) =>
      this.state === 'degraded' ? this.#answerHere(groups) : this.#sender.send(groups, this.#epoch),
    );
    this.#unwatch = store.watch(shard, {
      onReady: () => this.#probeSoon(0),
      onLost: () => this.#degrade('disconnected'),
      onEpoch: (epoch) => {
        if (this.state !== 'degraded' && epoch !== this.#epoch) this.#degrade('state-lost');
      },
    });
    this.#probeSoon(0);
  }

  consume(
    key: string,
    check: Parameters<StandIn['consume']>[1],
    rules: WaitingGroup['rules'],
  ): Decision | Promise<Decision> {
    if (this.state === 'degraded') return this.#decideHere(key, check);
    if (this.state === 'shared' && rules === undefined && check.cost === 1) return this.#queue.addPlain(key, check);
    const reserved = this.state === 'recovering' && this.#agreesToo();
    if (reserved) {
      const own = this.#options.standIn.consume(key, check);
      if (!own.allowed) return finish(this.#options.context, own);
    }
    return this.#queue.add({ key, check, rules, kind: 'consume', reserved });
  }

  peek(key: string): Decision | Promise<Decision> {
    if (this.state === 'degraded') return this.#options.standIn.peek(key);
    return this.#queue.add({ key, check: PLAIN, rules: undefined, kind: 'peek', reserved: false });
  }

  /** Changes a key in the store; while the store is away the change is kept and made on return (the newest 1,024 of them). */
  async amend(amendment: Amendment): Promise<void> {
    if (this.state === 'degraded') {
      this.#ledger.keep(amendment);
      return;
    }
    this.#queue.flush();
    await this.#ledger.amend(amendment);
  }

  /** Gives back units that only this process knows of. @returns how many there were. */
  forgive(key: string, units: number): number {
    return this.#ledger.uncounted.subtract(key, units);
  }

  forgetKey(key: string): void {
    this.#ledger.forgetKey(key);
  }

  close(): void {
    if (this.#closed) return;
    this.#degrade('disconnected');
    this.#closed = true;
    clearTimeout(this.#probeTimer);
    clearTimeout(this.#graceTimer);
    this.#unwatch();
    this.#onAnswered();
  }

  /** Whether this process has to agree too until all others have come back. */
  #agreesToo(): boolean {
    const { onUnavailable } = this.#options;
    return onUnavailable === 'local' || (onUnavailable === 'closed' && this.#stateLost);
  }

  #settle(batch: SentBatch, answers: readonly GroupAnswer[]): void {
    const nowMs = this.#options.context.now();
    for (let index = 0; index < answers.length; index++)
      settleGroup(this.#options, batch, batch.groups[index]!, answers[index]!, nowMs);
  }

  /** The store counted a batch after this process had answered it: what both counted must count once. */
  #reconcile(batch: SentBatch, answers: readonly GroupAnswer[]): void {
    for (const [index, group] of batch.groups.entries()) {
      const answer = answers[index]!;
      if (group.kind === 'peek' || answer.blocked) continue;
      const granted = Math.min(group.waiters.length, Math.floor(answer.free / group.check.cost)) * group.check.cost;
      const known = this.#ledger.uncounted.subtract(group.key, Math.min(granted, group.localUnits));
      if (granted > known) void this.amend({ kind: 'refund', key: group.key, units: granted - known });
    }
  }

  #answerHere(groups: readonly WaitingGroup[]): void {
    for (const group of groups) {
      for (const resolve of group.waiters) resolve(this.#answerOne(group));
    }
  }

  #answerOne(group: WaitingGroup): Decision {
    const { context, standIn } = this.#options;
    const { key, check, kind, reserved } = group;
    if (kind === 'peek') return standIn.peek(key);
    if (!reserved) {
      const decision = this.#decideHere(key, check);
      if (decision.allowed && decision.source === 'local') group.localUnits += check.cost;
      return decision;
    }
    // This process has already said yes and counted it.
    group.localUnits += check.cost;
    this.#ledger.admit(key, check.cost);
    return finish(context, { ...standIn.peek(key), allowed: true, retryAfterMs: 0 });
  }

  #decideHere(key: string, check: { cost: number; limits?: Readonly<Record<string, number>> | undefined }): Decision {
    const { context, standIn, onUnavailable } = this.#options;
    this.#announce('starting');
    if (onUnavailable !== 'local') {
      const rule = context.rules[0]!;
      const allowed = onUnavailable === 'open';
      const asked = { name: rule.name, limit: check.limits?.[rule.name] ?? rule.limit };
      return finish(context, { ...refusal(asked, allowed ? 0 : 1_000, onUnavailable), allowed });
    }
    const decision = standIn.consume(key, check);
    if (decision.allowed) this.#ledger.admit(key, check.cost);
    return finish(context, decision);
  }

  #announce(reason: DegradedReason, message?: string): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#options.context.counters.degraded++;
    this.#options.context.emitter.emit({ type: 'degraded', reason, ...(message === undefined ? {} : { message }) });
  }

  #degrade(reason: DegradedReason, message?: string): void {
    if (this.#closed) return;
    if (this.state !== 'degraded') {
      clearTimeout(this.#graceTimer);
      this.state = 'degraded';
      this.#degradedAtMs = this.#options.context.now();
      this.#announced = false;
      this.#probes = 0;
      this.#announce(reason, message);
    }
    this.#sender.giveUp();
    this.#answerHere(this.#queue.drain());
    this.#probeSoon(reason === 'state-lost' ? 0 : PROBE_MS.first);
  }

  #probeSoon(delayMs: number): void {
    if (this.#closed || this.#probing) return;
    clearTimeout(this.#probeTimer);
    this.#probeTimer = later(delayMs, () => {
      this.#probe().catch(() => {});
    });
  }

  /** Asks the store whether it is well, tells it what it missed, and lets it decide again. Callers never probe. */
  async #probe(): Promise<void> {
    if (this.#probing || this.#closed || this.state !== 'degraded') return;
    const { store, shard, timeoutMs } = this.#options;
    this.#probing = true;
    let back = false;
    try {
      if (store.connected(shard)) {
        const epoch = await within(timeoutMs, store.hello(shard));
        this.#stateLost = this.#epoch !== '' && this.#epoch !== epoch;
        if (this.#stateLost) this.#ledger.storeForgot();
        const first = this.#epoch === '';
        this.#epoch = epoch;
        this.#onAnswered();
        const merged = await this.#ledger.settle();
        back = !this.#closed;
        if (back) this.#return(merged, first && merged === 0);
      }
    } catch (error) {
      if (this.#probes > 10) this.#announce('starting', error instanceof Error ? error.message : String(error));
    } finally {
      this.#probing = false;
    }
    if (back || this.#closed) return;
    this.#probes++;
    const pause = Math.min(PROBE_MS.last, PROBE_MS.first * 2 ** Math.min(this.#probes, 5));
    this.#probeSoon(pause * (0.8 + 0.4 * Math.random()));
    if (this.#probes > 10 && !store.connected(shard)) this.#announce('starting');
  }

  #return(merged: number, untouched: boolean): void {
    const { context } = this.#options;
    const { emitter } = context;
    this.state = 'recovering';
    if (!untouched) emitter.emit({ type: 'recovering', merged, stateLost: this.#stateLost });
    const finished = (): void => {
      this.state = 'shared';
      if (this.#announced) emitter.emit({ type: 'recovered', afterMs: context.now() - this.#degradedAtMs });
    };
    if (untouched) {
      finished();
      return;
    }
    this.#graceTimer = later(GRACE_MS, finished);
    this.#ledger
      .settle()
      .catch((error: unknown) => this.#degrade('error', error instanceof Error ? error.message : String(error)));
  }
}
