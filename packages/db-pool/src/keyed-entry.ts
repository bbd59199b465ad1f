/** One client of a keyed store, from the start of its creation until it is disposed. */
export class Entry<Client> {
  readonly key: string;
  readonly sinceMs: number;
  usedAtMs: number;
  leases = 0;
  /** Out of the store: no new lease, disposed with the last one. */
  retired = false;
  disposed = false;
  client: { value: Client } | undefined;
  readonly ready: Promise<Client>;
  /** Settles when `dispose` has. */
  readonly gone: Promise<void>;
  #gone: () => void = () => undefined;

  constructor(key: string, nowMs: number, create: () => Client | PromiseLike<Client>) {
    this.key = key;
    this.sinceMs = nowMs;
    this.usedAtMs = nowMs;
    this.gone = new Promise((resolve) => {
      this.#gone = resolve;
    });
    this.ready = new Promise<Client>((resolve) => {
      resolve(create());
    }).then((value) => {
      this.client = { value };
      return value;
    });
    this.ready.catch(() => undefined);
  }

  /** Nobody uses it and it is not being made. */
  get idle(): boolean {
    return this.leases === 0 && this.client !== undefined;
  }

  /** Ends the client once; a second call does nothing. */
  async end(dispose: (client: Client) => unknown, onError: (error: unknown) => void): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    try {
      if (this.client) await dispose(this.client.value);
    } catch (error) {
      onError(error);
    } finally {
      this.#gone();
    }
  }
}

/** Why an entry may not be used any more; undefined: it may. */
export function staleness(
  entry: { sinceMs: number; usedAtMs: number; leases: number },
  limits: { idleMs: number; maxAgeMs: number },
  nowMs: number,
): 'age' | 'idle' | undefined {
  if (nowMs - entry.sinceMs >= limits.maxAgeMs) return 'age';
  return entry.leases === 0 && nowMs - entry.usedAtMs >= limits.idleMs ? 'idle' : undefined;
}
