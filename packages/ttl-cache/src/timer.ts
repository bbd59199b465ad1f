/** Longer delays make `setTimeout` fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** Calls `fire` once after `delayMs` (any length, `Infinity`: never) and returns what cancels it. A `quiet` timer alone does not keep the process alive. */
export function startTimer(delayMs: number, fire: () => void, quiet = false): () => void {
  if (delayMs === Infinity) return () => {};
  let leftMs = delayMs;
  let handle: ReturnType<typeof setTimeout>;
  const arm = () => {
    const sliceMs = Math.min(leftMs, longestDelayMs);
    leftMs -= sliceMs;
    handle = setTimeout(leftMs > 0 ? arm : fire, sliceMs);
    // A number in browsers, where nothing needs releasing.
    if (quiet) (handle as { unref?(): void }).unref?.();
  };
  arm();
  return () => clearTimeout(handle);
}
