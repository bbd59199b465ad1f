import type { BeatKeeper } from './beats.ts';
import { Ledger } from './ledger.ts';
import { decodeMessage, type Body, type Numbered } from './message.ts';
import type { Reporter } from './reporter.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface IncomingOptions {
  readonly id: string;
  readonly beatChannel: string;
  readonly heartbeatMs: number;
  readonly now: () => number;
  readonly subscriptions: Subscriptions;
  readonly beats: BeatKeeper;
  readonly report: Reporter;
  /** An own heartbeat has come back. */
  onEcho(): void;
}

/** The way in: tells own from foreign, known from new, and hands on what is new. Runs to its end in one go, so no queue can overflow. */
export class Incoming {
  readonly ledger: Ledger = new Ledger();
  readonly #options: IncomingOptions;
  readonly #ownPrefix: string;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#ownPrefix = `{"v":1,"p":"${options.id}"`;
  }

  take(channel: string, data: string): void {
    const { beatChannel, subscriptions, report, now } = this.#options;
    if (data.startsWith(this.#ownPrefix)) return this.#takeOwn(channel, data);
    const message = decodeMessage(data);
    if (channel === beatChannel) {
      if (message?.type !== 'beat') return; // one that cannot be read is one that is missing
      report.counters.beatsReceived++;
      return this.ledger.beat(message, now());
    }
    if (!subscriptions.isAcknowledged(channel)) return; // the clear at the acknowledgement covers it
    if (message?.type === 'numbered') this.#takeNumbered(channel, message);
    else report.gap('undecodable', [channel]);
  }

  /** What has become certain since the last look. Only asked while the own heartbeat comes back: else it is this session that is silent. */
  checkLosses(nowMs: number): void {
    const { report, subscriptions } = this.#options;
    const losses = this.ledger.due(nowMs);
    for (const { reason, channel, publisher, missed } of losses) {
      if (reason === 'sequence') report.gap('sequence', [channel!], { publisher, missed });
    }
    const silent = losses.find(({ reason }) => reason === 'silence');
    if (silent) report.gap('silence', subscriptions.acknowledged(), { publisher: silent.publisher });
  }

  #takeOwn(channel: string, data: string): void {
    const { beatChannel, beats, report, onEcho } = this.#options;
    report.counters.suppressed++;
    if (channel !== beatChannel) return;
    const beat = decodeMessage(data);
    if (beat?.type === 'beat' && beats.echo(beat.number)) onEcho();
  }

  #takeNumbered(channel: string, { origin, body }: Numbered): void {
    const { heartbeatMs, now, report } = this.#options;
    if (origin.seq > 0) {
      const { publisher } = origin;
      const { deliver, missed } = this.ledger.message(channel, origin, now(), heartbeatMs);
      if (missed > 0) report.gap('sequence', [channel], { publisher, missed });
      if (!deliver) {
        report.counters.duplicates++;
        return;
      }
    }
    report.counters.delivered++;
    this.deliver(channel, body, false);
  }

  /** To all who listen on the channel; that everything changed is one gap for all of them. */
  deliver(channel: string, body: Body, own: boolean): void {
    const { report, subscriptions } = this.#options;
    if (!subscriptions.has(channel)) return;
    if (body.type === 'everything') report.gap('overflow', [channel]);
    else subscriptions.deliver(channel, body, own);
  }
}
