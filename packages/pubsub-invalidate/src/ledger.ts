import type { Beat, Mark, Origin } from './message.ts';

/** What a receiver knows of one publisher on one channel. */
interface Track {
  epoch: number;
  /** The number that comes next; `undefined` until something was seen. */
  next: number | undefined;
  /** A heartbeat told of numbers up to `seq`; they must be here by `dueMs`. */
  pending: { seq: number; dueMs: number } | undefined;
}

interface Publisher {
  heardMs: number;
  intervalMs: number;
  /** It said goodbye: never silent, forgotten at this time. */
  leavesMs: number;
  /** It was declared silent; should it be heard again, then what it said meanwhile is missing. */
  isSilent: boolean;
  readonly tracks: Map<string, Track>;
}

/** `missed` numbers never came; the message itself is still new and must be delivered. */
export type Verdict = { readonly deliver: boolean; readonly missed: number };

export interface Loss {
  readonly reason: 'sequence' | 'silence';
  readonly publisher: string;
  /** The channel of the missing numbers; `undefined` when a publisher went silent: all it might have published to. */
  readonly channel: string | undefined;
  readonly missed: number;
}

const FORGET_SILENT_MS = 3_600_000;

/** Beats that may be missed before a publisher counts as silent. */
export const SILENT_AFTER_BEATS = 3;

/**
 * Decides, from numbers and ages alone, whether a message is new, known, or comes after a loss. Tolerance 0: a number
 * that is missing is a loss. Pure but for its own state: time comes in with each call. Memory: one track for each
 * publisher and channel, publishers bounded by `maxPublishers` (the one known longest is forgotten).
 */
export class Ledger {
  readonly #publishers = new Map<string, Publisher>();
  readonly #clearedMs = new Map<string, number>();
  readonly #returned: string[] = [];
  readonly #maxPublishers: number;
  #resumedMs = -Infinity;

  constructor(maxPublishers = 10_000) {
    this.#maxPublishers = maxPublishers;
  }

  get size(): number {
    return this.#publishers.size;
  }

  /** From `nowMs` on this channel is complete: what was sent before is covered by the clear that happens now. */
  begin(channel: string, nowMs: number): void {
    this.#clearedMs.set(channel, nowMs);
    for (const publisher of this.#publishers.values()) publisher.tracks.delete(channel);
  }

  end(channel: string): void {
    this.#clearedMs.delete(channel);
    for (const publisher of this.#publishers.values()) publisher.tracks.delete(channel);
  }

  /** A new session: silence is counted from now on. */
  resume(nowMs: number): void {
    this.#resumedMs = nowMs;
    for (const publisher of this.#publishers.values()) if (!publisher.isSilent) publisher.heardMs = nowMs;
  }

  /** This process did not run for `ms` milliseconds; what came meanwhile waits in the socket. */
  shift(ms: number): void {
    for (const publisher of this.#publishers.values()) {
      publisher.heardMs += ms;
      for (const track of publisher.tracks.values()) if (track.pending) track.pending.dueMs += ms;
    }
  }

  /** Takes a numbered message. */
  message(channel: string, origin: Origin, nowMs: number, intervalMs: number): Verdict {
    const publisher = this.#hear(origin.publisher, nowMs, intervalMs);
    const track = trackOf(publisher, channel, origin.epoch);
    if (track === undefined) return { deliver: false, missed: 0 };
    const { next } = track;
    if (next !== undefined && origin.seq < next) return { deliver: false, missed: 0 };
    const missed = next === undefined ? this.#missedBefore(channel, origin, nowMs) : origin.seq - next;
    if (missed > 0) this.#clearedMs.set(channel, nowMs);
    track.next = origin.seq + 1;
    if (track.pending && track.pending.seq <= origin.seq) track.pending = undefined;
    return { deliver: true, missed };
  }

  /** Takes a heartbeat: numbers it tells of have half an interval to arrive, since another channel may be slower. */
  beat(beat: Beat, nowMs: number): void {
    const intervalMs = Math.max(beat.intervalMs, 10);
    const graceMs = Math.min(intervalMs / 2, 5_000);
    // Heard for the first time though it has been speaking for a while: what it said before did not get through.
    const isLate = !this.#publishers.has(beat.publisher) && beat.number > 2 && this.#resumedMs + 2 * intervalMs < nowMs;
    if (isLate) this.#returned.push(beat.publisher);
    const publisher = this.#hear(beat.publisher, nowMs, intervalMs);
    publisher.intervalMs = intervalMs;
    for (const mark of beat.marks) this.#mark(publisher, mark, nowMs, graceMs);
    if (beat.bye) publisher.leavesMs = nowMs + graceMs;
  }

  /** Losses that have become certain by now; what is returned is settled, the caller clears. */
  due(nowMs: number): Loss[] {
    const losses: Loss[] = [];
    for (const [name, publisher] of this.#publishers) {
      for (const [channel, track] of publisher.tracks) {
        if (track.pending === undefined || track.pending.dueMs > nowMs) continue;
        const { seq } = track.pending;
        losses.push({ reason: 'sequence', publisher: name, channel, missed: seq + 1 - (track.next ?? seq) });
        this.#clearedMs.set(channel, nowMs);
        track.next = seq + 1;
        track.pending = undefined;
      }
      if (publisher.leavesMs <= nowMs || this.#isForgotten(publisher, nowMs)) this.#publishers.delete(name);
      else if (this.#fellSilent(publisher, nowMs)) {
        publisher.isSilent = true;
        publisher.tracks.clear();
        losses.push(this.#silence(name, nowMs));
      }
    }
    for (const name of this.#returned.splice(0)) losses.push(this.#silence(name, nowMs));
    return losses;
  }

  #silence(publisher: string, nowMs: number): Loss {
    for (const channel of this.#clearedMs.keys()) this.#clearedMs.set(channel, nowMs);
    return { reason: 'silence', publisher, channel: undefined, missed: 0 };
  }

  #fellSilent({ heardMs, intervalMs, leavesMs, isSilent }: Publisher, nowMs: number): boolean {
    return !isSilent && leavesMs === Infinity && heardMs + SILENT_AFTER_BEATS * intervalMs < nowMs;
  }

  #isForgotten({ isSilent, heardMs }: Publisher, nowMs: number): boolean {
    return isSilent && heardMs + FORGET_SILENT_MS < nowMs;
  }

  #mark(publisher: Publisher, mark: Mark, nowMs: number, graceMs: number): void {
    if (!this.#clearedMs.has(mark.channel) || mark.seq === 0) return;
    const track = trackOf(publisher, mark.channel, mark.epoch);
    if (track === undefined || (track.next !== undefined && mark.seq < track.next)) return;
    if (track.next === undefined && this.#before(mark.channel, mark.ageMs, nowMs)) {
      track.next = mark.seq + 1;
    } else if (track.pending === undefined) {
      track.pending = { seq: mark.seq, dueMs: nowMs + graceMs };
    }
  }

  /** Numbers missed before the first message ever seen of this publisher: 0 if the one before it left before the last clear. */
  #missedBefore(channel: string, origin: Origin, nowMs: number): number {
    return origin.seq === 1 || this.#before(channel, origin.previousAgeMs, nowMs) ? 0 : 1;
  }

  /** Travel time only makes the real age larger, so a message older than the clear by this measure is older in truth. */
  #before(channel: string, ageMs: number, nowMs: number): boolean {
    return nowMs - ageMs < (this.#clearedMs.get(channel) ?? nowMs);
  }

  #hear(name: string, nowMs: number, intervalMs: number): Publisher {
    let publisher = this.#publishers.get(name);
    if (publisher === undefined) {
      publisher = { heardMs: nowMs, intervalMs, leavesMs: Infinity, isSilent: false, tracks: new Map() };
      if (this.#publishers.size >= this.#maxPublishers) this.#publishers.delete(this.#publishers.keys().next().value!);
      this.#publishers.set(name, publisher);
    }
    if (publisher.isSilent) this.#returned.push(name);
    publisher.isSilent = false;
    publisher.heardMs = nowMs;
    return publisher;
  }
}

/** The track of a channel; a newer epoch starts a new one, an older epoch gets none. */
function trackOf(publisher: Publisher, channel: string, epoch: number): Track | undefined {
  const known = publisher.tracks.get(channel);
  if (known && known.epoch === epoch) return known;
  if (known && known.epoch > epoch) return undefined;
  const track: Track = { epoch, next: undefined, pending: undefined };
  publisher.tracks.set(channel, track);
  return track;
}
