/** A monotonic clock, in milliseconds, that moves only when told to. */
export interface FakeClock {
  readonly now: () => number;
  /** Moves the clock forward by `ms` milliseconds. No timer fires: for timers, use those of vitest. */
  advance(ms: number): void;
}

export function fakeClock(startMs = 0): FakeClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}
