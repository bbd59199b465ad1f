/** A promise that waits for the broker. Marked as handled: it never becomes an unhandled rejection. */
export class Ticket {
  readonly channel: string;
  readonly queuedMs: number;
  readonly promise: Promise<void>;
  settled = false;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor(channel: string, queuedMs: number) {
    this.channel = channel;
    this.queuedMs = queuedMs;
    this.promise = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(ignore);
  }

  resolve(): void {
    this.settled = true;
    this.#resolve();
  }

  reject(error: unknown): void {
    this.settled = true;
    this.#reject(error);
  }
}

/** One for all promises: a closure for each would be a third of what they weigh. */
export const ignore = (): void => {};
