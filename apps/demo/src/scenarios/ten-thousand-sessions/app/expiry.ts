import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { Journal } from './journal.ts';

/** Expires idle sessions again and again, until `signal` aborts; resolves then. */
export type ExpiryTask = (expire: () => Promise<void>, everyMs: number, signal: AbortSignal) => Promise<void>;

/** Before: a failure is swallowed, and the next try comes as soon as ever. */
export const swallowingExpiry: ExpiryTask = async (expire, everyMs, signal) => {
  while (!signal.aborted) {
    await expire().catch(() => {});
    await delay(everyMs, undefined, { signal }).catch(() => {});
  }
};

/** The longest pause between two tries, in intervals of the task. */
const maxBackoff = 64;

/** After: each failure is logged, and the next try waits twice as long as the one before it. */
export const expiryWithBackoff =
  (journal: Journal): ExpiryTask =>
  async (expire, everyMs, signal) => {
    while (!signal.aborted) {
      await pRetry(expire, {
        retries: Infinity,
        minTimeout: everyMs,
        maxTimeout: everyMs * maxBackoff,
        factor: 2,
        signal,
        onFailedAttempt: ({ error, attemptNumber }) =>
          journal.warn(`session expiry failed, attempt ${attemptNumber}: ${error.message}`),
      }).catch((error: unknown) => {
        // A programming mistake is not tried again by p-retry; it waits for the next interval.
        if (!signal.aborted) journal.warn(`session expiry is broken: ${String(error)}`);
      });
      await delay(everyMs, undefined, { signal }).catch(() => {});
    }
  };
