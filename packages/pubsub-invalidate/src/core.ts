import { BeatKeeper } from './beats.ts';
import { checkMs } from './check.ts';
import type { BusHealth, BusStats } from './counters.ts';
import { unrefInterval, withDeadline } from './deadline.ts';
import { BusClosedError } from './errors.ts';
import { Incoming } from './incoming.ts';
import type { Body } from './message.ts';
import { beatChannel, randomId } from './names.ts';
import { Outgoing, type OutgoingOptions } from './outgoing.ts';
import type { Field } from './queue.ts';
import { Reporter } from './reporter.ts';
import { Sessions } from './sessions.ts';
import { readSettings, type BusOptions, type Settings } from './settings.ts';
import { Starters } from './starters.ts';
import { firstStanding, step, type Change, type Standing } from './state.ts';
import { Subscriptions, type Consumer, type Subscription } from './subscriptions.ts';

/** Ties the parts together: sessions in, queue out, ledger between; `state.ts` decides what it all means. */
export class BusCore {
  readonly id: string = randomId();
  readonly settings: Settings;
  readonly report: Reporter;
  readonly #beatChannel: string;
  readonly #subscriptions: Subscriptions;
  readonly #starters: Starters;
  readonly #beats: BeatKeeper;
  readonly #outgoing: Outgoing;
  readonly #sessions: Sessions;
  readonly #incoming: Incoming;
  #standing: Standing;
  #stateSinceMs: number;
  #rttMs: number | undefined;
  #tickedMs = 0;
  #doubtedMs = 0;
  #tickTimer: ReturnType<typeof setInterval> | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #hasBegun = false;
  #closing: Promise<void> | undefined;

  constructor(options: BusOptions) {
    const settings = readSettings(options);
    const { transport, namespace, now } = settings;
    this.settings = settings;
    this.report = new Reporter(settings.onEvent, (gap) => this.#subscriptions.gap(gap));
    this.#standing = firstStanding(transport.deafAdvice !== undefined);
    this.#stateSinceMs = now();
    this.#beatChannel = beatChannel(namespace);
    this.#subscriptions = new Subscriptions((error) => this.report.listenerFailed(error));
    this.#starters = new Starters(transport.name, settings.startTimeoutMs);
    const { heartbeatMs: intervalMs, pingTimeoutMs: attemptMs } = settings;
    const { maxPayloadBytes } = transport;
    this.#beats = new BeatKeeper({ id: this.id, channel: this.#beatChannel, intervalMs, maxPayloadBytes, now });
    this.#incoming = new Incoming({
      id: this.id,
      beatChannel: this.#beatChannel,
      heartbeatMs: intervalMs,
      now,
      subscriptions: this.#subscriptions,
      beats: this.#beats,
      report: this.report,
      onEcho: () => this.#change({ type: 'echo' }),
    });
    this.#outgoing = new Outgoing({ ...settings, id: this.id, attemptMs, ...this.#outgoingHooks() });
    this.#sessions = new Sessions({ ...settings, ...this.#sessionHooks() });
  }

  get isLive(): boolean {
    return this.#standing.state === 'live';
  }

  start(signal?: AbortSignal): Promise<void> {
    if (this.#closing) return Promise.reject(new BusClosedError());
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (!this.#hasBegun) this.#begin();
    return this.isLive ? Promise.resolve() : this.#starters.wait(signal);
  }

  /** Listens on `channel`. All consumers of a channel share one subscription, all channels one connection. */
  open(channel: string, consumer: Consumer): Subscription {
    if (this.#closing) throw new BusClosedError();
    const { subscription, isNew } = this.#subscriptions.add(channel, consumer, () => {
      this.#incoming.ledger.end(channel);
      this.#sessions.unsubscribe(channel);
    });
    if (isNew) this.#subscribe(channel);
    return subscription;
  }

  listensOn(channel: string): boolean {
    return this.#subscriptions.has(channel);
  }

  /** The own inboxes need no broker. */
  isOwnInbox(replyTo: string): boolean {
    return replyTo.endsWith(`:${this.id}`);
  }

  /** The own consumers first, then everybody else; resolves when the broker has it. Without `body` nothing is delivered here; `lazy`: nobody waits. */
  publish(channel: string, field: Field, json: string, body?: Body, lazy = false): Promise<void> {
    if (body && !this.#closing) this.#incoming.deliver(channel, body, true);
    const sent = this.#outgoing.push(channel, field, json, lazy);
    this.#startTicking(); // a bus that nobody starts has deadlines too
    this.report.counters.queueHighWater = Math.max(this.report.counters.queueHighWater, this.#outgoing.queued);
    return sent;
  }

  /** For what reaches the others by another way, or later. */
  deliverHere(channel: string, body: Body, own: boolean): void {
    this.#incoming.deliver(channel, body, own);
  }

  health(): BusHealth {
    const rtt = this.#rttMs === undefined ? {} : { rttMs: this.#rttMs };
    return {
      state: this.#standing.state,
      sinceMs: this.settings.now() - this.#stateSinceMs,
      ...rtt,
      lagMs: this.#beats.lag(),
      gaps: { ...this.report.counters.gaps },
      queue: this.#outgoing.queued,
      pendingWaiters: this.#subscriptions.pending,
    };
  }

  stats(): BusStats {
    return Object.freeze({
      ...this.report.counters,
      gaps: Object.freeze({ ...this.report.counters.gaps }),
      queue: this.#outgoing.queued,
      publishers: this.#incoming.ledger.size,
      channels: this.#subscriptions.size,
      pendingWaiters: this.#subscriptions.pending,
    });
  }

  close(drainMs = 1_000): Promise<void> {
    this.#closing ??= this.#shutDown(checkMs('drainMs', drainMs, { zero: true }));
    return this.#closing;
  }

  #begin(): void {
    const { heartbeatMs } = this.settings;
    this.#hasBegun = true;
    this.#startTicking();
    if (heartbeatMs !== Infinity) this.#beatTimer = unrefInterval(() => this.#outgoing.beat(), heartbeatMs);
    this.#outgoing.start();
    this.#sessions.start();
  }

  #startTicking(): void {
    if (this.#tickTimer || this.#closing) return;
    const { tickMs, now } = this.settings;
    this.#tickedMs = now();
    this.#tickTimer = unrefInterval(() => this.#tick(now()), tickMs);
  }

  async #shutDown(drainMs: number): Promise<void> {
    clearInterval(this.#tickTimer);
    clearInterval(this.#beatTimer);
    this.#starters.closed();
    this.#subscriptions.close(new BusClosedError());
    await this.#outgoing.close(drainMs);
    await this.#sessions.stop();
    await withDeadline('closing the transport', 2_000, () => this.settings.transport.close()).catch(() => {});
    this.#change({ type: 'closed' });
  }

  #outgoingHooks(): Pick<OutgoingOptions, 'makeBeat' | 'onSent' | 'onAttemptFailed' | 'onRejected' | 'onOverflow'> {
    const { report } = this;
    return {
      makeBeat: (marks) => this.#beats.make(marks, this.#closing !== undefined),
      onSent: (flight, withBeat) => {
        report.counters.published += flight.tickets.length;
        report.counters.messagesSent += flight.messages.length;
        if (withBeat) this.#beats.confirmed();
      },
      onAttemptFailed: (error) => report.publishRetried(error),
      onRejected: (error) => report.publishFailed(error),
      onOverflow: (channel) => report.overflow(channel),
    };
  }

  #sessionHooks(): Omit<ConstructorParameters<typeof Sessions>[0], keyof Settings> {
    return {
      channels: () => [this.#beatChannel, ...this.#subscriptions.names()],
      onMessage: (channel, data) => this.#incoming.take(channel, data),
      onTrimmed: (channel) => this.report.gap('trimmed', [channel]),
      onUp: (channels, resumed) => this.#onUp(channels, resumed),
      onLost: (reason, error) => {
        this.#subscriptions.forgetAcknowledgements();
        this.#change({ type: 'lost', reason }, error);
      },
      onConnectFailed: (error) => {
        this.report.emit({ type: 'retry', leg: 'subscriber', error });
        this.#starters.attemptFailed(error);
        this.#change({ type: 'connect-failed' }, error);
      },
      onRoundTrip: (ms) => {
        this.#rttMs = ms;
      },
    };
  }

  #subscribe(channel: string): void {
    void this.#sessions.subscribe(channel).then((resumed) => {
      if (resumed) this.#acknowledged([channel], resumed);
    });
  }

  #onUp(channels: readonly string[], resumed: readonly string[]): void {
    this.report.counters.sessions++;
    this.#incoming.ledger.resume(this.settings.now());
    this.#beats.expectEcho();
    this.#acknowledged(channels, resumed);
    this.#change({ type: 'up' });
    this.#subscriptions.release(channels);
    for (const late of this.#subscriptions.names()) if (!channels.includes(late)) this.#subscribe(late);
    this.#outgoing.retryNow();
    this.#outgoing.beat();
  }

  /** The one place where a clear follows an acknowledgement. */
  #acknowledged(channels: readonly string[], resumed: readonly string[]): void {
    const nowMs = this.settings.now();
    const { first, again } = this.#subscriptions.acknowledge(channels);
    const missed = again.filter((channel) => !resumed.includes(channel));
    for (const channel of [...first, ...missed]) this.#incoming.ledger.begin(channel, nowMs);
    this.report.gap('first-subscribe', first);
    const { cause, doubtMs = nowMs } = this.#standing;
    this.report.gap(cause, missed, { suspectedForMs: nowMs - doubtMs });
    if (this.isLive) this.#subscriptions.release(channels);
  }

  #change(change: Change, error?: unknown): void {
    const nowMs = this.settings.now();
    const from = this.#standing;
    const { next, clear } = step(from, change, nowMs);
    this.#standing = next;
    if (clear) {
      this.#incoming.ledger.resume(nowMs);
      const channels = this.#subscriptions.acknowledged();
      for (const channel of channels) this.#incoming.ledger.begin(channel, nowMs);
      this.report.gap('silence', channels, { suspectedForMs: nowMs - (from.doubtMs ?? nowMs) });
    }
    if (next.state === from.state) return;
    this.#stateSinceMs = nowMs;
    this.report.emit({ type: 'state', state: next.state, from: from.state, ...(error === undefined ? {} : { error }) });
    if (next.state === 'live') this.#starters.live();
    if (next.state === 'suspect' || next.state === 'down') this.#doubt(nowMs);
  }

  #doubt(nowMs: number): void {
    this.#doubtedMs = nowMs;
    this.#subscriptions.doubt();
  }

  #tick(nowMs: number): void {
    const lateMs = nowMs - this.#tickedMs - this.settings.tickMs;
    this.#tickedMs = nowMs;
    if (lateMs > this.settings.tickMs) {
      // The process did not run; what came meanwhile is still in the socket and must not count as silence.
      this.#incoming.ledger.shift(lateMs);
      this.#beats.shift(lateMs);
    }
    this.#outgoing.expire(nowMs);
    const { state, sessionUp, proven } = this.#standing;
    if (sessionUp) this.#checkSilence(nowMs);
    if (!proven && sessionUp && state !== 'down' && this.#beats.unansweredMs(nowMs) > this.settings.pingTimeoutMs) {
      this.#starters.deaf(this.settings.transport.deafAdvice ?? '');
      this.#change({ type: 'deaf' });
    }
    const isDoubtful = state === 'suspect' || state === 'down';
    if (isDoubtful && nowMs - this.#doubtedMs >= this.settings.heartbeatMs) this.#doubt(nowMs);
  }

  /** When the own heartbeat is missing too, it is this session that is silent, not the others. */
  #checkSilence(nowMs: number): void {
    if (this.#beats.isMissing(nowMs)) this.#change({ type: 'echo-missing' });
    else if (this.isLive && this.#beats.isRecent(nowMs)) this.#incoming.checkLosses(nowMs);
  }
}
