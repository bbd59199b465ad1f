/** A promise that waits for the broker. Marked as handled: it never becomes an unhandled rejection. */
export interface Ticket {
  readonly channel: string;
  readonly queuedMs: number;
  readonly promise: Promise<void>;
  readonly settled: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

export function makeTicket(channel: string, queuedMs: number): Ticket {
  let settled = false;
  let settle!: { resolve: () => void; reject: (error: unknown) => void };
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return {
    channel,
    queuedMs,
    promise,
    get settled() {
      return settled;
    },
    resolve() {
      settled = true;
      settle.resolve();
    },
    reject(error) {
      settled = true;
      settle.reject(error);
    },
  };
}
