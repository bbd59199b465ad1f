import { makeCounters, type Counters } from './counters.ts';
import { makeEmitter, type BusEvent, type Gap, type GapReason } from './events.ts';

export type GapFacts = Partial<Omit<Gap, 'reason' | 'channels'>>;

/** Counts what happens and tells it: one place, so that no event goes without its counter. */
export class Reporter {
  readonly counters: Counters = makeCounters();
  readonly emit: (event: BusEvent) => void;
  readonly #onGap: (gap: Gap) => void;

  constructor(onEvent: ((event: BusEvent) => void) | undefined, onGap: (gap: Gap) => void) {
    this.emit = makeEmitter(onEvent);
    this.#onGap = onGap;
  }

  /** The one way to a gap: who listens on the channels first, then everybody else. */
  gap(reason: GapReason, channels: readonly string[], facts: GapFacts = {}): void {
    if (channels.length === 0) return;
    const gap: Gap = Object.freeze({ missed: 0, suspectedForMs: 0, ...facts, reason, channels });
    this.counters.gaps[reason]++;
    this.#onGap(gap);
    this.emit({ type: 'gap', gap });
  }

  overflow(channel: string): void {
    this.counters.overflows++;
    this.emit({ type: 'overflow', channel });
    this.gap('overflow', [channel]);
  }

  publishRetried(error: unknown): void {
    this.counters.publishRetries++;
    this.emit({ type: 'retry', leg: 'publisher', error });
  }

  publishFailed(error: Error): void {
    this.counters.publishFailures++;
    this.emit({ type: 'publish-failed', error });
  }

  listenerFailed(error: unknown): void {
    this.counters.listenerErrors++;
    this.emit({ type: 'listener-error', error });
  }
}
