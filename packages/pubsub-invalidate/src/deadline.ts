import { BusDeadlineError } from './errors.ts';

/** The longest time that a timer can count, some 24 days; it takes a longer one for 1 ms. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** `setTimeout`; what is longer than a timer can count is as long as it can count. */
export const timeout = (run: () => void, ms: number): ReturnType<typeof setTimeout> =>
  setTimeout(run, Math.min(ms, MAX_TIMER_MS));

/** A timer that keeps no process alive. */
export function unrefTimeout(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = timeout(run, ms);
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

/** An interval that keeps no process alive. */
export function unrefInterval(run: () => void, ms: number): ReturnType<typeof setInterval> {
  const timer = setInterval(run, Math.min(ms, MAX_TIMER_MS));
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
    const timer = timeout(() => stop(new BusDeadlineError(what, ms)), ms);
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

/**
 * `withDeadline` for work that comes again and again, one at a time: the signal is made anew only after a deadline has passed, and one
 * timer serves all. For a single publish that is a tenth of its way.
 */
export class Attempts {
  readonly #what: string;
  readonly #ms: number;
  readonly #outer: AbortSignal;
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: { readonly dueMs: number; readonly reject: (error: unknown) => void } | undefined;

  constructor(what: string, ms: number, outer: AbortSignal) {
    this.#what = what;
    this.#ms = ms;
    this.#outer = outer;
    const onAbort = (): void => {
      clearTimeout(this.#timer);
      this.#stop(outer.reason);
    };
    outer.addEventListener('abort', onAbort, { once: true });
  }

  /** @throws {BusDeadlineError} The deadline passed; the signal given to `work` has aborted. */
  run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#outer.aborted) return Promise.reject(this.#outer.reason);
    return new Promise((resolve, reject) => {
      const running = { dueMs: performance.now() + this.#ms, reject };
      this.#running = running;
      this.#timer ??= unrefTimeout(() => this.#look(), this.#ms);
      const end = (): void => {
        if (this.#running === running) this.#running = undefined;
      };
      work(this.#controller.signal).then(
        () => {
          end();
          resolve();
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#running) return;
    const leftMs = this.#running.dueMs - performance.now();
    if (leftMs > 0) this.#timer = unrefTimeout(() => this.#look(), leftMs);
    else this.#stop(new BusDeadlineError(this.#what, this.#ms));
  }

  #stop(error: unknown): void {
    const running = this.#running;
    const controller = this.#controller;
    if (!running) return;
    this.#running = undefined;
    this.#controller = new AbortController();
    running.reject(error);
    controller.abort(error);
  }
}

/**
 * Runs `run` when `signal` aborts; asked again with the same signal it does nothing. For signals of `withDeadline` and `Attempts`, which
 * abort only while their work runs: so nobody has to take the listener away afterwards.
 */
export class OnAbort {
  readonly #run: () => void;
  #known: AbortSignal | undefined;

  constructor(run: () => void) {
    this.#run = run;
  }

  watch(signal: AbortSignal): void {
    if (signal === this.#known) return;
    this.#known = signal;
    signal.addEventListener('abort', this.#run, { once: true });
  }
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
    const timer = unref ? unrefTimeout(done, ms) : timeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
