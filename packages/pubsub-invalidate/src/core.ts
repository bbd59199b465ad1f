import { BeatKeeper } from './beats.ts';
import { checkMs } from './check.ts';
import { makeCounters, type BusStats, type Counters } from './counters.ts';
import { unrefInterval, withDeadline } from './deadline.ts';
import { BusClosedError } from './errors.ts';
import { makeEmitter, type BusEvent, type BusState, type Gap, type GapReason } from './events.ts';
import { Ledger } from './ledger.ts';
import { decodeMessage, type Body, type Numbered } from './message.ts';
import { beatChannel, randomId } from './names.ts';
import { Outgoing } from './outgoing.ts';
import type { Field } from './queue.ts';
import { Sessions } from './sessions.ts';
import { readSettings, type BusOptions, type Settings } from './settings.ts';
import { Starters } from './starters.ts';
import { firstStanding, step, type Change, type Standing } from './state.ts';
import { Subscriptions, type Consumer, type Subscription } from './subscriptions.ts';

export interface BusHealth {
  /** `live`: everything is heard. `suspect`: a message may be missed right now. `down`: not connected, and an attempt has failed. */
  readonly state: BusState;
  /** Milliseconds in this state. */
  readonly sinceMs: number;
  /** The last ping on the subscriber's connection. */
  readonly rttMs?: number;
  /** Publish to delivery, measured on the own heartbeat's way through the broker: no clock skew. */
  readonly lagMs: { readonly p50: number; readonly p99: number };
  readonly gaps: Record<GapReason, number>;
  readonly queue: number;
  readonly pendingWaiters: number;
}

/** Ties the parts together: sessions in, queue out, ledger between; `state.ts` decides what it all means. */
export class BusCore {
  readonly id: string = randomId();
  readonly settings: Settings;
  readonly counters: Counters = makeCounters();
  readonly #emit: (event: BusEvent) => void;
  readonly #beatChannel: string;
  readonly #ownPrefix: string;
  readonly #subscriptions: Subscriptions;
  readonly #ledger = new Ledger();
  readonly #starters: Starters;
  readonly #beats: BeatKeeper;
  readonly #outgoing: Outgoing;
  readonly #sessions: Sessions;
  #standing: Standing;
  #stateSinceMs: number;
  #rttMs: number | undefined;
  #tickedMs = 0;
  #doubtedMs = 0;
  #timers: ReturnType<typeof setInterval>[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: BusOptions) {
    const settings = readSettings(options);
    const { transport, namespace, now } = settings;
    this.settings = settings;
    this.#emit = makeEmitter(settings.onEvent);
    this.#standing = firstStanding(transport.deafAdvice !== undefined);
    this.#stateSinceMs = now();
    this.#beatChannel = beatChannel(namespace);
    this.#ownPrefix = `{"v":1,"p":"${this.id}"`;
    this.#subscriptions = new Subscriptions((error) => this.listenerFailed(error));
    this.#starters = new Starters(transport.name, settings.startTimeoutMs);
    const { heartbeatMs: intervalMs, pingTimeoutMs: attemptMs } = settings;
    const { maxPayloadBytes } = transport;
    this.#beats = new BeatKeeper({ id: this.id, channel: this.#beatChannel, intervalMs, maxPayloadBytes, now });
    this.#outgoing = new Outgoing({ ...settings, id: this.id, attemptMs, ...this.#outgoingHooks() });
    this.#sessions = new Sessions({ ...settings, ...this.#sessionHooks() });
  }

  get isLive(): boolean {
    return this.#standing.state === 'live';
  }

  start(signal?: AbortSignal): Promise<void> {
    if (this.#closing) return Promise.reject(new BusClosedError());
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#timers.length === 0) this.#begin();
    return this.isLive ? Promise.resolve() : this.#starters.wait(signal);
  }

  /** Listens on `channel`. All consumers of a channel share one subscription, all channels one connection. */
  open(channel: string, consumer: Consumer): Subscription {
    if (this.#closing) throw new BusClosedError();
    const { subscription, isNew } = this.#subscriptions.add(channel, consumer, () => {
      this.#ledger.end(channel);
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

  /** The own consumers first, then everybody else; resolves when the broker has it. Without `body` nothing is delivered here. */
  publish(channel: string, field: Field, json: string, body?: Body): Promise<void> {
    if (body && !this.#closing) this.#subscriptions.deliver(channel, body, true);
    const sent = this.#outgoing.push(channel, field, json);
    this.counters.queueHighWater = Math.max(this.counters.queueHighWater, this.#outgoing.queued);
    return sent;
  }

  /** For what reaches the others by another way. */
  deliverOwn(channel: string, body: Body): void {
    this.#subscriptions.deliver(channel, body, true);
  }

  raise(reason: GapReason, channels: readonly string[], facts: Partial<Omit<Gap, 'reason' | 'channels'>> = {}): void {
    if (channels.length === 0) return;
    const gap: Gap = Object.freeze({ missed: 0, suspectedForMs: 0, ...facts, reason, channels });
    this.counters.gaps[reason]++;
    this.#subscriptions.gap(gap);
    this.#emit({ type: 'gap', gap });
  }

  listenerFailed(error: unknown): void {
    this.counters.listenerErrors++;
    this.#emit({ type: 'listener-error', error });
  }

  health(): BusHealth {
    const rtt = this.#rttMs === undefined ? {} : { rttMs: this.#rttMs };
    return {
      state: this.#standing.state,
      sinceMs: this.settings.now() - this.#stateSinceMs,
      ...rtt,
      lagMs: this.#beats.lag(),
      gaps: { ...this.counters.gaps },
      queue: this.#outgoing.queued,
      pendingWaiters: this.#subscriptions.pending,
    };
  }

  stats(): BusStats {
    return Object.freeze({
      ...this.counters,
      gaps: Object.freeze({ ...this.counters.gaps }),
      queue: this.#outgoing.queued,
      publishers: this.#ledger.size,
      channels: this.#subscriptions.size,
      pendingWaiters: this.#subscriptions.pending,
    });
  }

  close(drainMs = 1_000): Promise<void> {
    this.#closing ??= this.#shutDown(checkMs('drainMs', drainMs, { zero: true }));
    return this.#closing;
  }

  #begin(): void {
    const { tickMs, heartbeatMs, now } = this.settings;
    this.#tickedMs = now();
    this.#timers.push(unrefInterval(() => this.#tick(now()), tickMs));
    if (heartbeatMs !== Infinity) this.#timers.push(unrefInterval(() => this.#outgoing.beat(), heartbeatMs));
    this.#outgoing.start();
    this.#sessions.start();
  }

  async #shutDown(drainMs: number): Promise<void> {
    const started = this.#timers.length > 0;
    for (const timer of this.#timers) clearInterval(timer);
    this.#starters.closed();
    this.#subscriptions.close(new BusClosedError());
    await this.#outgoing.close(started ? drainMs : 0);
    await this.#sessions.stop();
    await withDeadline('closing the transport', 2_000, () => this.settings.transport.close()).catch(() => {});
    this.#change({ type: 'closed' });
  }

  #outgoingHooks(): Pick<
    ConstructorParameters<typeof Outgoing>[0],
    'makeBeat' | 'onSent' | 'onAttemptFailed' | 'onRejected' | 'onOverflow'
  > {
    return {
      makeBeat: (marks) => this.#beats.make(marks, this.#closing !== undefined),
      onSent: (flight, withBeat) => {
        this.counters.published += flight.tickets.length;
        this.counters.messagesSent += flight.messages.length;
        if (withBeat) this.#beats.confirmed();
      },
      onAttemptFailed: (error) => {
        this.counters.publishRetries++;
        this.#emit({ type: 'retry', leg: 'publisher', error });
      },
      onRejected: (error) => {
        this.counters.publishFailures++;
        this.#emit({ type: 'publish-failed', error });
      },
      onOverflow: (channel) => {
        this.counters.overflows++;
        this.#emit({ type: 'overflow', channel });
        this.raise('overflow', [channel]);
      },
    };
  }

  #sessionHooks(): Omit<ConstructorParameters<typeof Sessions>[0], keyof Settings> {
    return {
      channels: () => [this.#beatChannel, ...this.#subscriptions.names()],
      onMessage: (channel, data) => this.#onMessage(channel, data),
      onTrimmed: (channel) => this.raise('trimmed', [channel]),
      onUp: (channels, resumed) => this.#onUp(channels, resumed),
      onLost: (reason, error) => {
        this.#subscriptions.forgetAcknowledgements();
        this.#change({ type: 'lost', reason }, error);
      },
      onConnectFailed: (error) => {
        this.#emit({ type: 'retry', leg: 'subscriber', error });
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
    this.counters.sessions++;
    this.#ledger.resume(this.settings.now());
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
    for (const channel of [...first, ...missed]) this.#ledger.begin(channel, nowMs);
    this.raise('first-subscribe', first);
    const { cause, doubtMs = nowMs } = this.#standing;
    this.raise(cause, missed, { suspectedForMs: nowMs - doubtMs });
    if (this.isLive) this.#subscriptions.release(channels);
  }

  #change(change: Change, error?: unknown): void {
    const nowMs = this.settings.now();
    const from = this.#standing;
    const { next, clear } = step(from, change, nowMs);
    this.#standing = next;
    if (clear) {
      this.#ledger.resume(nowMs);
      const channels = this.#subscriptions.acknowledged();
      for (const channel of channels) this.#ledger.begin(channel, nowMs);
      this.raise('silence', channels, { suspectedForMs: nowMs - (from.doubtMs ?? nowMs) });
    }
    if (next.state === from.state) return;
    this.#stateSinceMs = nowMs;
    this.#emit({ type: 'state', state: next.state, from: from.state, ...(error === undefined ? {} : { error }) });
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
      this.#ledger.shift(lateMs);
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
    if (this.#beats.isMissing(nowMs)) return this.#change({ type: 'echo-missing' });
    if (!this.isLive || !this.#beats.isRecent(nowMs)) return;
    const losses = this.#ledger.due(nowMs);
    for (const { reason, channel, publisher, missed } of losses) {
      if (reason === 'sequence') this.raise('sequence', [channel!], { publisher, missed });
    }
    const silent = losses.filter(({ reason }) => reason === 'silence');
    if (silent.length > 0)
      this.raise('silence', this.#subscriptions.acknowledged(), { publisher: silent[0]!.publisher });
  }

  #onMessage(channel: string, data: string): void {
    if (data.startsWith(this.#ownPrefix)) return this.#onOwn(channel, data);
    const message = decodeMessage(data);
    if (channel === this.#beatChannel) {
      if (message?.type !== 'beat') return; // one that cannot be read is one that is missing
      this.counters.beatsReceived++;
      return this.#ledger.beat(message, this.settings.now());
    }
    if (!this.#subscriptions.isAcknowledged(channel)) return; // the clear at the acknowledgement covers it
    if (message?.type === 'numbered') this.#onNumbered(channel, message);
    else this.raise('undecodable', [channel]);
  }

  #onOwn(channel: string, data: string): void {
    this.counters.suppressed++;
    if (channel !== this.#beatChannel) return;
    const beat = decodeMessage(data);
    if (beat?.type === 'beat' && this.#beats.echo(beat.number)) this.#change({ type: 'echo' });
  }

  #onNumbered(channel: string, { origin, body }: Numbered): void {
    if (origin.seq > 0) {
      const verdict = this.#ledger.message(channel, origin, this.settings.now(), this.settings.heartbeatMs);
      const { publisher } = origin;
      if (verdict.missed > 0) this.raise('sequence', [channel], { publisher, missed: verdict.missed });
      if (!verdict.deliver) this.counters.duplicates++;
      if (!verdict.deliver) return;
    }
    this.counters.delivered++;
    this.#subscriptions.deliver(channel, body, false);
  }
}
