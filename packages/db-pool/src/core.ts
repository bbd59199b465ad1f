import type { ClientConfig } from 'pg';
import { Checkup } from './checkup.ts';
import { Connector, type ConnectorOwner } from './connector.ts';
import { DeadlockWatch } from './deadlock.ts';
import { PoolClosedError, PoolFullError } from './errors.ts';
import { createEmitter, type CloseReason, type PoolListener, type SessionObserver } from './events.ts';
import { expiresAtMs, fitness, whyUnfit, type Demands } from './fitness.ts';
import { holdersOf, RecentHolders, type Holder } from './holders.ts';
import type { Settings } from './options.ts';
import { NOBODY, type Session } from './session.ts';
import { Sharing } from './sharing.ts';
import { Counters, snapshot, type PoolStats } from './stats.ts';
import { Supply } from './supply.ts';
import { acquireTimeout } from './timeout-error.ts';
import { needsCleaning } from './upkeep.ts';
import { WaitQueue } from './wait-queue.ts';
import { Waiter, type Receiver, type Request, type WaitingRoom } from './waiter.ts';

const CLOSE_GRACE_MS = 1_000;
const STATEMENT_GRACE_MS = 1_000;

/**
 * Lends sessions: who waits, what is idle, what is thrown away. A session is in exactly one place: idle, lent (`held`), or in a
 * checkup (`checkup`). Everything public is a shell around this class.
 */
export class Core implements ConnectorOwner, Demands, WaitingRoom {
  readonly settings: Settings;
  readonly counters: Counters = new Counters();
  readonly config: ClientConfig;
  readonly now: () => number;
  readonly emit: PoolListener;
  readonly sessions: Set<Session> = new Set();
  readonly idle: Session[] = [];
  readonly waiters: WaitQueue<Waiter> = new WaitQueue<Waiter>();
  readonly connector: Connector;
  readonly checkup: Checkup = new Checkup(this);
  readonly recentHolders: RecentHolders = new RecentHolders();
  readonly deadlock: DeadlockWatch = new DeadlockWatch(this);
  /** What a statement may take, as seen from here: behind a pooler the limit itself, else a backstop to the server's own. */
  readonly statementMs: number;
  readonly pingAfterIdleMs: number;
  state: 'open' | 'draining' | 'closed' = 'open';
  suspended = false;
  suspicion = 0;
  epoch = 0;
  size: number;
  overflow: number;
  /** Sockets on their way out. */
  closing = 0;
  /** Called whenever the number of sessions or sockets falls. */
  onShrink: (() => void) | undefined;
  observer: SessionObserver | undefined;
  readonly #sharing: Sharing;
  readonly #supply: Supply = new Supply(this);
  #toReplace = 0;
  #lastQueuedMs = -Infinity;

  constructor(settings: Settings) {
    this.settings = settings;
    this.config = settings.connection;
    this.now = settings.now;
    this.size = settings.size;
    this.overflow = settings.overflow;
    this.pingAfterIdleMs = settings.pingAfterIdleMs;
    this.#sharing = new Sharing(settings.depth);
    this.emit = createEmitter(settings.name, settings.onEvent);
    this.statementMs = settings.bouncer ? settings.statementMs : settings.statementMs + STATEMENT_GRACE_MS;
    this.connector = new Connector(settings, this);
  }

  get capacity(): number {
    return this.size + this.overflow;
  }

  /** A session at once, if one is idle and sound and nobody waits. It is the caller's until `release`. */
  take(shared = false): Session | undefined {
    if (this.suspended || this.waiters.size > 0 || this.state !== 'open') return undefined;
    const nowMs = this.now();
    const session = this.#popReady(nowMs);
    if (session) this.#lend(session, nowMs, shared);
    else if (shared) return this.#share();
    return session;
  }

  /** Joins the queue. The receiver hears exactly once. */
  wait(receiver: Receiver, request: Request): void {
    const refusal = this.#refusal();
    if (refusal) {
      this.counters.failed += 1;
      receiver.fail(refusal);
      return;
    }
    const nowMs = this.now();
    const waiter = new Waiter(this, receiver, request, nowMs);
    waiter.place = this.waiters.join(waiter);
    this.#lastQueuedMs = nowMs;
    this.pulse(nowMs);
    if (waiter.place.queued && request.context) this.deadlock.refuse(waiter);
  }

  /** Serves the queue with what is idle and orders what is missing. Safe to call at any time. */
  pulse(nowMs: number = this.now()): void {
    if (this.suspended || this.state === 'closed') return;
    while (this.waiters.size > this.checkup.running && this.idle.length > 0) {
      const session = this.#popReady(nowMs);
      if (session) this.#grant(session, nowMs);
    }
    // First come, first served: while the head wants a connection of its own, the shared ones are left to drain.
    while (this.waiters.peek()?.shared === true) {
      const session = this.#share();
      if (!session) break;
      const waiter = this.waiters.shift() as Waiter;
      this.counters.waitedMs += nowMs - waiter.sinceMs;
      waiter.grant(session);
    }
    this.#supply.order(nowMs);
  }

  /** Back from a borrower. Never throws; what is not clean is cleaned before the next one gets it. */
  release(session: Session, broken = false): void {
    if (!session.held) return;
    if (session.sharers > 0 && !this.#sharing.leave(session)) {
      this.counters.released += 1;
      if (this.waiters.size > 0) this.pulse();
      return;
    }
    const nowMs = this.now();
    session.held = false;
    session.loan = NOBODY;
    session.leakReported = false;
    this.counters.released += 1;
    this.counters.heldMs += nowMs - session.heldSinceMs;
    if (session.lost !== undefined) this.discard(session, 'lost');
    else if (broken) this.discard(session, 'released-with-error');
    else if (needsCleaning(session, this.settings)) this.checkup.clean(session);
    else this.offer(session, nowMs);
  }

  /** A clean session that nobody has: to the head of the queue, or to the idle ones. */
  offer(session: Session, nowMs: number = this.now()): void {
    session.idleSinceMs = nowMs;
    const verdict = fitness(session, this, nowMs);
    if (verdict === 'discard') this.discard(session, whyUnfit(session, this));
    else if (this.waiters.size === 0 || this.suspended) this.#park(session, nowMs);
    else if (session.verified !== this.suspicion) this.checkup.ping(session);
    else this.#grant(session, nowMs);
  }

  /** Out of the pool, and its socket closed. A second call does nothing. */
  discard(session: Session, reason: CloseReason): void {
    if (!this.sessions.delete(session)) return;
    this.counters.destroyed += 1;
    if (reason === 'lost' || reason === 'ping') this.#toReplace += 1;
    this.emit({ type: 'close', pid: session.client.processID, reason });
    this.observer?.removed(session);
    this.closing += 1;
    const atOnce = reason === 'lost' || reason === 'ping' || reason === 'unfinished';
    void session.close(atOnce ? 0 : CLOSE_GRACE_MS).then(() => {
      this.closing -= 1;
      this.onShrink?.();
    });
    this.onShrink?.();
    this.pulse();
  }

  /** Out of the queue with an error; nothing happens to one who was served or has left. */
  dismiss(waiter: Waiter, counter: 'timedOut' | 'aborted' | 'failed', error: () => unknown): void {
    if (!waiter.place || !this.waiters.leave(waiter.place)) return;
    this.counters[counter] += 1;
    this.counters.waitedMs += this.now() - waiter.sinceMs;
    waiter.fail(error());
    this.onShrink?.();
  }

  onOverdue(waiter: Waiter): void {
    this.dismiss(waiter, 'timedOut', () => acquireTimeout(this, this.now() - waiter.sinceMs));
  }

  onAborted(waiter: Waiter, reason: unknown): void {
    this.dismiss(waiter, 'aborted', () => reason);
  }

  dismissAll(error: unknown): void {
    for (const waiter of this.waiters) this.dismiss(waiter, 'failed', () => error);
  }

  /** Closes idle sessions that are too many for the present size. */
  trim(): void {
    while (this.sessions.size > this.size && this.idle.length > 0) {
      this.discard(this.idle.shift() as Session, 'overflow');
    }
    this.pulse();
  }

  onLost(session: Session, error: Error): void {
    if (!this.sessions.has(session)) return;
    this.counters.lost += 1;
    this.suspicion += 1;
    this.emit({ type: 'lost', pid: session.client.processID, error });
    const at = this.idle.indexOf(session);
    if (at >= 0) this.idle.splice(at, 1);
    if (at >= 0) this.observer?.lost(session, error);
    // Its place is free at once, also if its borrower never gives it back.
    this.discard(session, 'lost');
  }

  onOpened(session: Session): void {
    const nowMs = this.now();
    this.counters.created += 1;
    if (this.#toReplace > 0) {
      this.#toReplace -= 1;
      this.counters.reconnects += 1;
    }
    session.expiresAtMs = expiresAtMs(nowMs, this.settings.recycleMs, this.settings.recycleJitter, Math.random);
    session.epoch = this.epoch;
    this.sessions.add(session);
    this.observer?.opened(session);
    if (this.state === 'closed') this.discard(session, 'closed');
    else this.offer(session, nowMs);
    this.pulse();
  }

  onConnectFailed(error: Error, hopeless: boolean): void {
    if (hopeless && this.sessions.size === 0) this.dismissAll(error);
    this.onShrink?.();
  }

  onRetry(): void {
    this.pulse();
  }

  holders(): Holder[] {
    return holdersOf(this.sessions, this.now());
  }

  stats(): PoolStats {
    return snapshot(this);
  }

  /** The most recently used session that may be lent. Those it finds unfit are pinged or thrown away on the way. */
  #popReady(nowMs: number): Session | undefined {
    for (let session = this.idle.pop(); session; session = this.idle.pop()) {
      const verdict = fitness(session, this, nowMs);
      if (verdict === 'ready') return session;
      if (verdict === 'discard') this.discard(session, whyUnfit(session, this));
      else {
        this.checkup.ping(session);
        // A ping under way is supply on its way: no more of them than callers who wait.
        if (this.checkup.running >= this.waiters.size) return undefined;
      }
    }
    return undefined;
  }

  #share(): Session | undefined {
    const session = this.#sharing.join();
    if (session) this.counters.acquired += 1;
    if (session && this.sessions.size + this.connector.connecting < this.size) this.connector.want(1);
    return session;
  }

  #lend(session: Session, nowMs: number, shared: boolean): void {
    if (shared) this.#sharing.start(session);
    session.held = true;
    session.heldSinceMs = nowMs;
    this.counters.acquired += 1;
  }

  #grant(session: Session, nowMs: number): void {
    const waiter = this.waiters.shift();
    if (!waiter) return this.#park(session, nowMs);
    this.counters.waitedMs += nowMs - waiter.sinceMs;
    this.#lend(session, nowMs, waiter.shared);
    waiter.grant(session);
  }

  #park(session: Session, nowMs: number): void {
    const surplus = this.sessions.size > this.size;
    const lingerMs = this.settings.overflowAfterMs;
    if (this.state !== 'open') this.discard(session, 'closed');
    else if (surplus && nowMs - this.#lastQueuedMs >= lingerMs) this.discard(session, 'overflow');
    else {
      this.idle.push(session);
      if (surplus) this.#supply.review(lingerMs);
    }
  }

  #refusal(): Error | undefined {
    if (this.state !== 'open') return new PoolClosedError();
    if (this.waiters.size >= this.settings.maxWaiting) return new PoolFullError(this.stats());
    const { hopeless, backingOff, lastError } = this.connector;
    return hopeless && backingOff && this.sessions.size === 0 ? lastError : undefined;
  }
}
