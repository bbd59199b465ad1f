import type { ClientConfig } from 'pg';
import { Connector, type ConnectorOwner } from './connector.ts';
import { heldBy, isDeadlocked, type Context } from './context.ts';
import {
  PoolAcquireTimeoutError,
  PoolClosedError,
  PoolDeadlockError,
  PoolFullError,
  type AcquirePhase,
} from './errors.ts';
import { createEmitter, type CloseReason, type PoolListener } from './events.ts';
import { expiresAtMs, fitness } from './fitness.ts';
import { holderOf, holdersOf } from './holders.ts';
import type { Settings } from './options.ts';
import { NOBODY, type Session } from './session.ts';
import { Counters, type PoolStats } from './stats.ts';
import { afterInBackground, type Timer } from './timer.ts';
import { WaitQueue } from './wait-queue.ts';
import { createWaiter, type Receiver, type Waiter } from './waiter.ts';
import { cleaned, needsCleaning, answers } from './upkeep.ts';

const CLOSE_GRACE_MS = 1_000;
const STATEMENT_GRACE_MS = 1_000;

/** Who wants to see the driver's clients come and go. */
export interface SessionObserver {
  opened(session: Session): void;
  removed(session: Session): void;
  lost(session: Session, error: Error): void;
}

/** Lends sessions: who waits, what is idle, what must be opened or thrown away. Everything public is a shell around it. */
export class Core implements ConnectorOwner {
  readonly settings: Settings;
  readonly counters: Counters = new Counters();
  readonly config: ClientConfig;
  readonly now: () => number;
  readonly emit: PoolListener;
  readonly sessions: Set<Session> = new Set();
  readonly waiters: WaitQueue<Waiter> = new WaitQueue<Waiter>();
  readonly connector: Connector;
  readonly idle: Session[] = [];
  state: 'open' | 'draining' | 'closed' = 'open';
  suspicion = 0;
  epoch = 0;
  suspended = false;
  size: number;
  overflow: number;
  /** Sessions that are pinged or reset and come back to the queue by themselves. */
  checking = 0;
  #replacing = 0;
  #overflowTimer: Timer;
  #lastQueuedMs = -Infinity;
  #deadlockCheck = false;
  /** Sockets on their way out. */
  closing = 0;
  /** What a statement may take, as seen from here: behind a pooler the limit itself, else a backstop to the server's own. */
  readonly statementMs: number;
  /** Called whenever the number of sessions falls; `close` waits on it. */
  onShrink: (() => void) | undefined;
  observer: SessionObserver | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    this.config = settings.connection;
    this.now = settings.now;
    this.size = settings.size;
    this.overflow = settings.overflow;
    this.statementMs = settings.bouncer ? settings.statementMs : settings.statementMs + STATEMENT_GRACE_MS;
    this.emit = createEmitter(settings.name, settings.onEvent);
    this.connector = new Connector(settings, this);
  }

  get capacity(): number {
    return this.size + this.overflow;
  }

  /** A session at once, if one is idle, sound and nobody waits. It is the caller's until `release`. */
  take(): Session | undefined {
    if (this.suspended || this.waiters.size > 0 || this.state !== 'open') return undefined;
    const nowMs = this.now();
    const session = this.#popReady(nowMs);
    if (session) this.#lend(session, nowMs);
    return session;
  }

  /** Joins the queue. The receiver hears exactly once. */
  wait(
    receiver: Receiver,
    options: { timeoutMs: number; signal: AbortSignal | undefined; context: Context | undefined; shared: boolean },
  ): void {
    const refusal = this.#refusal();
    if (refusal) {
      this.counters.failed += 1;
      receiver.fail(refusal);
      return;
    }
    const nowMs = this.now();
    const waiter = createWaiter(receiver, {
      ...options,
      nowMs,
      onTimeout: (waiter) => this.#leave(waiter, 'timedOut', () => this.#timeoutError(waiter)),
      onAbort: (waiter) => this.#leave(waiter, 'aborted', () => options.signal?.reason),
    });
    waiter.place = this.waiters.join(waiter);
    this.#lastQueuedMs = nowMs;
    this.pulse();
    if (waiter.place.queued && options.context) this.refuseDeadlock(waiter);
  }

  /** Serves the queue with what is idle and orders what is missing. Safe to call at any time. */
  pulse(): void {
    if (this.suspended || this.state === 'closed') return;
    const nowMs = this.now();
    while (this.waiters.size > this.checking && this.idle.length > 0) {
      const session = this.#popReady(nowMs);
      if (session) this.#grant(session, nowMs);
    }
    this.#order(nowMs);
  }

  /** Back from a borrower. Never throws; what is not clean is cleaned before the next one gets it. */
  release(session: Session, broken = false): void {
    if (!session.held) return;
    session.held = false;
    session.loan = NOBODY;
    session.leakReported = false;
    const nowMs = this.now();
    this.counters.released += 1;
    this.counters.heldMs += nowMs - session.heldSinceMs;
    if (session.lost !== undefined) this.discard(session, 'lost');
    else if (broken) this.discard(session, 'released-with-error');
    else if (needsCleaning(session, this.settings)) this.#clean(session);
    else this.#offer(session, nowMs);
  }

  discard(session: Session, reason: CloseReason): void {
    if (!this.sessions.delete(session)) return;
    this.counters.destroyed += 1;
    if (reason === 'lost' || reason === 'ping') this.#replacing += 1;
    this.emit({ type: 'close', pid: session.client.processID, reason });
    const forced = reason === 'lost' || reason === 'ping' || reason === 'unfinished';
    this.observer?.removed(session);
    this.closing += 1;
    void session.close(forced ? 0 : CLOSE_GRACE_MS).then(() => {
      this.closing -= 1;
      this.onShrink?.();
    });
    this.onShrink?.();
    this.pulse();
  }

  failWaiters(error: unknown): void {
    for (let waiter = this.waiters.shift(); waiter; waiter = this.waiters.shift()) {
      this.counters.failed += 1;
      waiter.fail(error);
    }
  }

  onLost(session: Session, error: Error): void {
    if (!this.sessions.has(session)) return;
    this.counters.lost += 1;
    this.suspicion += 1;
    this.emit({ type: 'lost', pid: session.client.processID, error });
    const at = this.idle.indexOf(session);
    if (at >= 0) {
      this.idle.splice(at, 1);
      this.observer?.lost(session, error);
      this.discard(session, 'lost');
    }
  }

  onOpened(session: Session): void {
    const nowMs = this.now();
    this.counters.created += 1;
    if (this.#replacing > 0) {
      this.#replacing -= 1;
      this.counters.reconnects += 1;
    }
    session.expiresAtMs = expiresAtMs(nowMs, this.settings.recycleMs, this.settings.recycleJitter, Math.random);
    session.epoch = this.epoch;
    this.sessions.add(session);
    this.observer?.opened(session);
    if (this.state === 'closed' || session.lost !== undefined) this.discard(session, 'closed');
    else this.#offer(session, nowMs);
  }

  onConnectFailed(error: Error, hopeless: boolean): void {
    if (hopeless && this.sessions.size === 0) this.failWaiters(error);
    this.onShrink?.();
  }

  onRetry(): void {
    this.pulse();
  }

  /** A borrower's statement has ended: if it does not go on to the next one, its nested waiter may have closed a circle. */
  suspectDeadlock(): void {
    if (this.waiters.size === 0 || this.#deadlockCheck) return;
    this.#deadlockCheck = true;
    setImmediate(() => {
      this.#deadlockCheck = false;
      const newest = [...this.waiters].findLast((waiter) => waiter.context !== undefined);
      if (newest) this.refuseDeadlock(newest);
    });
  }

  /** Fails the newest waiter whose wait closes a circle: every connection is held by a context that waits for one. */
  refuseDeadlock(waiter: Waiter): void {
    if (this.sessions.size < this.capacity || this.checking > 0 || this.connector.connecting > 0) return;
    if (!isDeadlocked(this.capacity, this.sessions, this.waiters)) return;
    this.#leave(waiter, 'failed', () => {
      const reason = 'every connection is held by a caller that waits for another one';
      return new PoolDeadlockError(reason, this.stats(), this.holders());
    });
  }

  /** Closes idle sessions that are too many for the present size. */
  trim(): void {
    while (this.sessions.size > this.size && this.idle.length > 0)
      this.discard(this.idle.shift() as Session, 'overflow');
    this.pulse();
  }

  holders(): ReturnType<typeof holdersOf> {
    return holdersOf(this.sessions, this.now());
  }

  stats(): PoolStats {
    const { size, overflow, counters } = this;
    const open = this.sessions.size;
    const idle = this.idle.length;
    const gauges = {
      size,
      overflow,
      open,
      idle,
      busy: open - idle,
      waiting: this.waiters.size,
      connecting: this.connector.connecting,
    };
    return Object.freeze({ ...gauges, ...counters });
  }

  /** The most recently used session that may be lent. Those it finds unfit are pinged or thrown away on the way. */
  #popReady(nowMs: number): Session | undefined {
    for (let session = this.idle.pop(); session; session = this.idle.pop()) {
      const verdict = fitness(session, this.#demands(), nowMs);
      if (verdict === 'ready') return session;
      if (verdict === 'discard') this.discard(session, this.#reasonOf(session));
      else {
        this.#ping(session);
        // A ping under way is supply on its way: no more of them than callers who wait.
        if (this.checking >= this.waiters.size) return undefined;
      }
    }
    return undefined;
  }

  #demands(): { epoch: number; suspicion: number; pingAfterIdleMs: number } {
    return { epoch: this.epoch, suspicion: this.suspicion, pingAfterIdleMs: this.settings.pingAfterIdleMs };
  }

  #reasonOf(session: Session): CloseReason {
    return session.lost === undefined ? (session.epoch === this.epoch ? 'expired' : 'invalidated') : 'lost';
  }

  #lend(session: Session, nowMs: number): void {
    session.held = true;
    session.heldSinceMs = nowMs;
    this.counters.acquired += 1;
  }

  #grant(session: Session, nowMs: number): void {
    const waiter = this.waiters.shift();
    if (!waiter) {
      this.#park(session, nowMs);
      return;
    }
    this.counters.waitedMs += nowMs - waiter.sinceMs;
    this.#lend(session, nowMs);
    waiter.grant(session);
  }

  /** A clean session: to the head of the queue, or to the idle ones. */
  #offer(session: Session, nowMs: number): void {
    if (fitness(session, { ...this.#demands(), pingAfterIdleMs: Infinity }, nowMs) === 'discard') {
      this.discard(session, this.#reasonOf(session));
    } else if (this.waiters.size > 0 && !this.suspended) {
      if (session.verified === this.suspicion) this.#grant(session, nowMs);
      else this.#ping(session);
    } else this.#park(session, nowMs);
  }

  #park(session: Session, nowMs: number): void {
    if (this.state !== 'open') {
      this.discard(session, 'closed');
      return;
    }
    const lingerMs = this.settings.overflowAfterMs;
    if (this.sessions.size > this.size && nowMs - this.#lastQueuedMs >= lingerMs) {
      this.discard(session, 'overflow');
      return;
    }
    session.idleSinceMs = nowMs;
    this.idle.push(session);
    if (this.sessions.size > this.size) this.#reviewOverflow(lingerMs);
  }

  /** Looks again in `ms`: at a queue whose head has waited long enough by then, or at overflow that nobody needs. */
  #reviewOverflow(ms: number): void {
    this.#overflowTimer ??= afterInBackground(ms, () => {
      this.#overflowTimer = undefined;
      if (this.waiters.size === 0) this.trim();
      else this.pulse();
    });
  }

  #ping(session: Session): void {
    this.counters.pings += 1;
    this.#check(session, answers(session, this.settings.pingTimeoutMs), (ok) => {
      if (ok) return undefined;
      this.counters.pingFailures += 1;
      // One connection that does not answer says something about all of them.
      this.suspicion += 1;
      return 'ping';
    });
  }

  #clean(session: Session): void {
    this.#check(session, cleaned(session, this.settings), (ok) => (ok ? undefined : 'reset'));
  }

  #check(session: Session, work: Promise<boolean>, verdict: (ok: boolean) => CloseReason | undefined): void {
    this.checking += 1;
    void work.then((ok) => {
      this.checking -= 1;
      const reason = session.lost === undefined ? verdict(ok) : 'lost';
      if (reason !== undefined) this.discard(session, reason);
      else this.#offer(session, this.now());
    });
  }

  #order(nowMs: number): void {
    if (this.state === 'closed') return;
    const supply = this.sessions.size + this.connector.connecting;
    const unmet = this.waiters.size - this.checking - this.connector.connecting;
    const refill = this.state === 'open' ? this.settings.minIdle - supply : 0;
    const wanted = Math.min(Math.max(unmet, refill), this.size - supply);
    if (wanted > 0) this.connector.want(wanted);
    else if (unmet > 0 && supply < this.capacity && supply >= this.size)
      this.#orderOverflow(nowMs, Math.min(unmet, this.capacity - supply));
  }

  #orderOverflow(nowMs: number, count: number): void {
    const head = this.waiters.peek();
    if (!head) return;
    const dueMs = head.sinceMs + this.settings.overflowAfterMs - nowMs;
    if (dueMs <= 0) this.connector.want(count);
    else this.#reviewOverflow(dueMs);
  }

  #refusal(): Error | undefined {
    if (this.state !== 'open') return new PoolClosedError();
    if (this.waiters.size >= this.settings.maxWaiting) return new PoolFullError(this.stats());
    if (this.connector.hopeless && this.connector.backingOff && this.sessions.size === 0)
      return this.connector.lastError;
    return undefined;
  }

  #leave(waiter: Waiter, counter: 'timedOut' | 'aborted' | 'failed', error: () => unknown): void {
    if (!waiter.place || !this.waiters.leave(waiter.place)) return;
    this.counters[counter] += 1;
    this.counters.waitedMs += this.now() - waiter.sinceMs;
    waiter.fail(error());
  }

  #timeoutError(waiter: Waiter): PoolAcquireTimeoutError {
    const holders = this.holders();
    const { lastError } = this.connector;
    const facts = {
      phase: this.#phase(),
      waitedMs: this.now() - waiter.sinceMs,
      stats: this.stats(),
      holders,
      cause: lastError,
    };
    const error = new PoolAcquireTimeoutError(facts);
    this.emit({ type: 'acquire-timeout', error });
    return error;
  }

  #phase(): AcquirePhase {
    if (this.suspended) return 'suspended';
    if (this.connector.down || this.connector.connecting > 0) return 'connect';
    return this.checking > 0 && this.sessions.size === this.checking ? 'ping' : 'queue';
  }

  /** Reports an acquire inside a context that holds a connection, or refuses it. */
  nested(context: Context | undefined): Error | undefined {
    const session = heldBy(context);
    if (!session || this.settings.nested === 'allow') return undefined;
    this.emit({ type: 'nested-acquire', holder: holderOf(session, this.now()) });
    if (this.settings.nested === 'warn') return undefined;
    return new PoolDeadlockError(
      'this async context holds a connection already (nested: error)',
      this.stats(),
      this.holders(),
    );
  }
}
