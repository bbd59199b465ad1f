/** Longer delays make `setTimeout` fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** One deadline of any length. */
export interface Timer {
  cancel(): void;
  /** From now on the timer alone keeps the process alive (as it does at first), or does not. */
  ref(): void;
  unref(): void;
}

/** Calls `fire` once after `delayMs`, also when that is more than `setTimeout` can hold (24.8 days). */
export function startTimer(delayMs: number, fire: () => void): Timer {
  let leftMs = delayMs;
  let referenced = true;
  let handle: ReturnType<typeof setTimeout>;
  const apply = () => {
    // A plain number in browsers, where nothing outlives the page.
    const timeout = handle as { ref?(): void; unref?(): void };
    if (referenced) timeout.ref?.();
    else timeout.unref?.();
  };
  const arm = () => {
    const sliceMs = Math.min(leftMs, longestDelayMs);
    leftMs -= sliceMs;
    handle = setTimeout(leftMs > 0 ? arm : fire, sliceMs);
    if (!referenced) apply();
  };
  arm();
  return {
    cancel: () => clearTimeout(handle),
    ref() {
      referenced = true;
      apply();
    },
    unref() {
      referenced = false;
      apply();
    },
  };
}
