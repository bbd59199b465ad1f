import { setTimeout as delay } from 'node:timers/promises';

/** Resolves as soon as `condition` holds; asks every 5 ms, and fails with `label` after `timeoutMs` (default 10_000). */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 10_000, label = String(condition) }: { timeoutMs?: number; label?: string } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`still not true after ${timeoutMs} ms: ${label}`);
    await delay(5);
  }
}
