/** A timer that keeps no process alive. */
export function later(ms: number, work: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(work, ms);
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Rejects after `ms` milliseconds; the work goes on, its late outcome is dropped. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = later(ms, () => reject(new Error(`no answer within ${ms} ms`)));
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      done();
    };
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
  });
}
