/** For so long after a connection came up the count may only grow: the others are still on their way back. */
const SETTLE_MS = 5_000;

/** How many processes share the limit. The last count is kept while Redis is away; 1 until known. */
export interface WorkerCount {
  readonly value: number;
  seen(count: number): void;
  connected(): void;
}

export function createWorkerCount(now: () => number): WorkerCount {
  let value = 1;
  let since = now();
  return {
    get value() {
      return value;
    },
    seen(count) {
      if (count > value || now() - since >= SETTLE_MS) value = Math.max(1, count);
    },
    connected() {
      since = now();
    },
  };
}
