const MAX_TIMER_MS = 2 ** 31 - 1;

export type Timer = ReturnType<typeof setTimeout> | undefined;

/** `setTimeout` without its overflow: what is further away than 24 days does not happen. */
export function after(ms: number, run: () => void): Timer {
  return ms > MAX_TIMER_MS ? undefined : setTimeout(run, ms);
}

/** A timer that nobody awaits: it does not keep the process alive. */
export function afterInBackground(ms: number, run: () => void): Timer {
  const timer = after(ms, run);
  // A plain number in browsers, where nothing outlives the page.
  (timer as { unref?(): void } | undefined)?.unref?.();
  return timer;
}

/** True: it settled in time. False: it did not, or it failed. Never rejects; the work goes on. */
export function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = after(ms, () => resolve(false));
    const settle = (ok: boolean) => {
      clearTimeout(timer);
      resolve(ok);
    };
    work.then(
      () => settle(true),
      () => settle(false),
    );
  });
}
