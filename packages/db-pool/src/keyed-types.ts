export type KeyedEvictReason = 'idle' | 'age' | 'max' | 'invalidated' | 'closed';

export interface KeyedOptions<Input, Client> {
  /** The identity of a client. Hash what is secret in it: keys are compared, never shown. */
  key: (input: Input) => string;
  /** Makes the client of a key. One call for any number of callers; a failure goes to all of them and is not remembered. `signal` aborts when the store closes. */
  create: (input: Input, signal: AbortSignal) => Client | PromiseLike<Client>;
  /** Ends a client: never while it is leased, except when `close()` runs out of time. */
  dispose: (client: Client) => unknown;
  /** Clients at most. At the bound the least recently used idle one makes room; when all are in use, callers wait. Default 1_000. */
  max?: number | undefined;
  /** Callers that wait for room at most; the next one gets `KeyedFullError`. Default 10_000. */
  maxWaiting?: number | undefined;
  /** A client unused for so long is disposed. Default 600_000; `Infinity` never. */
  idleMs?: number | undefined;
  /** A client this old is replaced at its next use and disposed when its last lease ends. Default `Infinity`. */
  maxAgeMs?: number | undefined;
  /** How long a caller waits for room. Default 30_000. */
  acquireTimeoutMs?: number | undefined;
  onEvict?: ((reason: KeyedEvictReason) => void) | undefined;
  /** `dispose` failed; nothing else is done about it. */
  onDisposeError?: ((error: unknown) => void) | undefined;
  /** Monotonic milliseconds. Default `performance.now`. */
  now?: (() => number) | undefined;
}

export interface KeyedWait {
  /** Ends this caller's wait with `signal.reason`; a client being made is finished for the others. */
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/** The right to use a client until `release()`. */
export interface Lease<Client> extends Disposable {
  readonly client: Client;
  /** A second call does nothing. */
  release(): void;
}

export interface KeyedStats {
  readonly size: number;
  /** Clients with at least one lease. */
  readonly inUse: number;
  readonly leases: number;
  readonly waiting: number;
  readonly creating: number;
  readonly created: number;
  readonly createErrors: number;
  readonly disposed: number;
  readonly hits: number;
  readonly misses: number;
  readonly evicted: number;
  readonly timedOut: number;
}

export interface Keyed<Input, Client> extends AsyncDisposable {
  /** Leases the key's client to `fn` and takes it back when its promise settles. */
  use<T>(input: Input, fn: (client: Client) => Promise<T> | T, options?: KeyedWait): Promise<T>;
  /** @throws {KeyedTimeoutError} No room in time. @throws {KeyedFullError} Too many wait. @throws {KeyedClosedError} */
  lease(input: Input, options?: KeyedWait): Promise<Lease<Client>>;
  /** The client, if there is one now. Takes no lease and does not count as a use. */
  peek(input: Input): Client | undefined;
  /** The next use makes a new client. Resolves when the old one is disposed, which is after its last lease. */
  invalidate(input: Input): Promise<void>;
  stats(): KeyedStats;
  /** Refuses new leases, disposes idle clients now and the others as they come back, or at `timeoutMs` (default 10_000). */
  close(options?: { timeoutMs?: number | undefined }): Promise<{ forced: number }>;
}
