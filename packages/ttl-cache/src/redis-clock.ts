/** How long a sample counts, at least; a server that was replaced, or whose clock was set back, is believed after twice that. */
const windowMs = 10_000;

/**
 * What is known of the server's clock: by how much it is ahead of ours. Each answer is a sample that is too low, by the time the
 * answer took to be read, and never too high; so the highest one of late is the best.
 */
export interface ServerClock {
  readonly sinceMs: number;
  readonly highest: number;
  /** Of the window before. */
  readonly before: number;
}

export function learnTime(clock: ServerClock | undefined, serverMs: number, nowMs: number): ServerClock {
  const sample = serverMs - nowMs;
  if (clock === undefined) return { sinceMs: nowMs, highest: sample, before: Number.NEGATIVE_INFINITY };
  if (nowMs - clock.sinceMs > windowMs) return { sinceMs: nowMs, highest: sample, before: clock.highest };
  return sample > clock.highest ? { ...clock, highest: sample } : clock;
}

/** The server's time at our `atMs`, or a little earlier, never later. */
export function serverTimeMs(clock: ServerClock, atMs: number): number {
  return Math.floor(atMs + Math.max(clock.highest, clock.before));
}
