import { LagWindow } from './lag.ts';
import { SILENT_AFTER_BEATS } from './ledger.ts';
import { encodeBeat, type Mark } from './message.ts';
import { byteLength } from './names.ts';
import type { OutgoingMessage } from './transport.ts';

export interface BeatOptions {
  readonly id: string;
  readonly channel: string;
  readonly intervalMs: number;
  readonly maxPayloadBytes: number;
  readonly now: () => number;
}

/** The own heartbeats: makes them, and watches them come back. Their way through the broker is the lag, their absence a silence. */
export class BeatKeeper {
  readonly #options: BeatOptions;
  readonly #lag = new LagWindow();
  readonly #madeMs = new Map<number, number>();
  #number = 0;
  #echoMs = Infinity;
  #confirmedMs: number | undefined;

  constructor(options: BeatOptions) {
    this.#options = options;
  }

  /** One heartbeat; in several messages when there are more marks than one can carry. */
  make(marks: readonly Mark[], bye: boolean): OutgoingMessage[] {
    const { id, channel, intervalMs, maxPayloadBytes, now } = this.#options;
    this.#number++;
    this.#madeMs.set(this.#number, now());
    if (this.#madeMs.size > 16) this.#madeMs.delete(this.#madeMs.keys().next().value!);
    const beat = { publisher: id, number: this.#number, intervalMs, bye };
    return chunk(marks, maxPayloadBytes - 200).map((some) => ({ channel, data: encodeBeat({ ...beat, marks: some }) }));
  }

  /** A new session: from now on an echo is due. */
  expectEcho(): void {
    this.#echoMs = this.#options.now();
    this.#confirmedMs = undefined;
  }

  /** The broker has taken a heartbeat. */
  confirmed(): void {
    this.#confirmedMs ??= this.#options.now();
  }

  /** An own heartbeat has come back. False: it is one of long ago. */
  echo(number: number): boolean {
    const madeMs = this.#madeMs.get(number);
    if (madeMs === undefined) return false;
    const nowMs = this.#options.now();
    this.#lag.add(nowMs - madeMs);
    this.#echoMs = nowMs;
    return true;
  }

  isMissing(nowMs: number): boolean {
    return this.#echoMs + SILENT_AFTER_BEATS * this.#options.intervalMs < nowMs;
  }

  /** The way through the broker was open a moment ago, so that another's silence is the other's. */
  isRecent(nowMs: number): boolean {
    return nowMs - this.#echoMs <= 1.5 * this.#options.intervalMs;
  }

  /** Milliseconds since the broker took a heartbeat that has not come back; 0 when none is on its way. */
  unansweredMs(nowMs: number): number {
    return this.#confirmedMs === undefined ? 0 : nowMs - this.#confirmedMs;
  }

  shift(ms: number): void {
    this.#echoMs += ms;
    if (this.#confirmedMs !== undefined) this.#confirmedMs += ms;
  }

  lag(): { p50: number; p99: number } {
    return this.#lag.percentiles();
  }
}

function chunk(marks: readonly Mark[], maxBytes: number): Mark[][] {
  const chunks: Mark[][] = [[]];
  let bytes = 0;
  for (const mark of marks) {
    const size = byteLength(JSON.stringify(mark.channel)) + 40;
    if (bytes + size > maxBytes && bytes > 0) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)!.push(mark);
    bytes += size;
  }
  return chunks;
}
