const SLOWEST_MS = 30_000;
const FASTEST_MS = 10;

/** How often to look after limits like these: a quarter of the shortest, between 10 ms and 30 s. */
export function tickMs(limits: readonly number[]): number {
  return Math.max(FASTEST_MS, Math.min(SLOWEST_MS, ...limits.map((limit) => limit / 4)));
}
