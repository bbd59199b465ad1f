import { BusDeadlineError } from './errors.ts';

/** A timer that keeps no process alive. */
export function unrefTimeout(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, ms);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** An interval that keeps no process alive. */
export function unrefInterval(run: () => void, ms: number): ReturnType<typeof setInterval> {
  const timer = setInterval(run, ms);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/**
 * Runs `work` for at most `ms` milliseconds. At the deadline, or when `outer` aborts, the signal given to `work`
 * aborts and the promise rejects; whatever `work` does later is ignored, its rejection too.
 * @throws {BusDeadlineError} The deadline passed.
 */
export function withDeadline<T>(
  what: string,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    const stop = (error: unknown): void => {
      settle();
      reject(error);
      controller.abort(error);
    };
    const onAbort = (): void => stop(outer?.reason);
    const timer = setTimeout(() => stop(new BusDeadlineError(what, ms)), ms);
    const settle = (): void => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    };
    if (outer?.aborted) return onAbort();
    outer?.addEventListener('abort', onAbort, { once: true });
    work(controller.signal).then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

/** Waits `ms` milliseconds, or until `signal` aborts; never rejects. The timer keeps the process alive unless `unref` is set. */
export function pause(ms: number, signal: AbortSignal, { unref = false }: { unref?: boolean } = {}): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = unref ? unrefTimeout(done, ms) : setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
