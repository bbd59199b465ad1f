/** Milliseconds before attempt number `attempt` (0 is the first): doubles from `minMs` to `maxMs`, half of it random, so that replicas spread. */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: () => number = Math.random): number {
  const whole = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return whole / 2 + (whole / 2) * random();
}
