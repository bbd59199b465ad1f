import { tickMs } from './interval.ts';
import { Entry, staleness } from './keyed-entry.ts';
import { KeyedClosedError } from './keyed-errors.ts';
import { Line } from './keyed-line.ts';
import { keyedSettings, type KeyedSettings } from './keyed-settings.ts';
import type { Keyed, KeyedEvictReason, KeyedOptions, KeyedStats, KeyedWait, Lease } from './keyed-types.ts';
import { settlesWithin } from './timer.ts';

const CLOSE_MS = 10_000;

/**
 * One client for each key, made on first use, shared by any number of callers, ended when nobody has used it for a while.
 * A client in use is never disposed. @throws {TypeError|RangeError} naming option and value.
 */
export function createKeyed<Input, Client>(options: KeyedOptions<Input, Client>): Keyed<Input, Client> {
  return new KeyedStore(keyedSettings(options));
}

class KeyedStore<Input, Client> implements Keyed<Input, Client> {
  readonly #settings: KeyedSettings<Input, Client>;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<Client>>();
  readonly #retired = new Set<Entry<Client>>();
  readonly #line: Line<Input>;
  readonly #ending = new AbortController();
  readonly #reaper: ReturnType<typeof setInterval> | undefined;
  readonly #counts = { created: 0, createErrors: 0, disposed: 0, hits: 0, misses: 0, evicted: 0 };
  #closed: Promise<{ forced: number }> | undefined;

  constructor(settings: KeyedSettings<Input, Client>) {
    this.#settings = settings;
    this.#line = new Line(settings);
    const { idleMs, maxAgeMs } = settings;
    if (idleMs !== Infinity || maxAgeMs !== Infinity) {
      this.#reaper = setInterval(() => this.#reap(), tickMs([idleMs, maxAgeMs]));
      (this.#reaper as { unref?(): void }).unref?.();
    }
  }

  async use<T>(input: Input, fn: (client: Client) => Promise<T> | T, options: KeyedWait = {}): Promise<T> {
    const lease = await this.lease(input, options);
    try {
      return await fn(lease.client);
    } finally {
      lease.release();
    }
  }

  async lease(input: Input, options: KeyedWait = {}): Promise<Lease<Client>> {
    const { signal, timeoutMs = this.#settings.acquireTimeoutMs } = options;
    const key = this.#settings.key(input);
    for (;;) {
      if (signal?.aborted) throw signal.reason;
      if (this.#closed) throw new KeyedClosedError();
      const entry = this.#entryOf(key, input);
      if (entry) return this.#leaseOf(entry, signal);
      await this.#line.join(key, input, { signal, timeoutMs });
    }
  }

  peek(input: Input): Client | undefined {
    const entry = this.#entries.get(this.#settings.key(input));
    return entry && staleness(entry, this.#settings, this.#settings.now()) === undefined
      ? entry.client?.value
      : undefined;
  }

  async invalidate(input: Input): Promise<void> {
    const entry = this.#entries.get(this.#settings.key(input));
    if (!entry) return;
    this.#retire(entry, 'invalidated');
    await entry.gone;
  }

  stats(): KeyedStats {
    const all = [...this.#entries.values(), ...this.#retired];
    return Object.freeze({
      size: all.length,
      inUse: all.filter((entry) => entry.leases > 0).length,
      leases: all.reduce((sum, entry) => sum + entry.leases, 0),
      waiting: this.#line.waiting,
      creating: all.filter((entry) => entry.client === undefined).length,
      ...this.#counts,
      timedOut: this.#line.timedOut,
    });
  }

  close(options: { timeoutMs?: number | undefined } = {}): Promise<{ forced: number }> {
    const { timeoutMs = CLOSE_MS } = options;
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(timeoutMs: number): Promise<{ forced: number }> {
    await Promise.resolve();
    clearInterval(this.#reaper);
    this.#line.refuseAll(new KeyedClosedError());
    this.#ending.abort(new KeyedClosedError());
    for (const entry of this.#entries.values()) this.#retire(entry, 'closed');
    const left = [...this.#retired];
    await settlesWithin(Promise.all(left.map((entry) => entry.gone)), timeoutMs);
    const forced = [...this.#retired].filter((entry) => !entry.disposed);
    await Promise.all(forced.map((entry) => this.#end(entry)));
    return { forced: forced.length };
  }

  /** The key's entry, a new one if there is room; undefined: every client is in use. */
  #entryOf(key: string, input: Input): Entry<Client> | undefined {
    const nowMs = this.#settings.now();
    const found = this.#entries.get(key);
    const stale = found && staleness(found, this.#settings, nowMs);
    if (found && stale === undefined) {
      this.#counts.hits += 1;
      return found;
    }
    if (found && stale) this.#retire(found, stale);
    if (!this.#makeRoom()) return undefined;
    this.#counts.misses += 1;
    return this.#create(key, input, nowMs);
  }

  #create(key: string, input: Input, nowMs: number): Entry<Client> {
    const entry = new Entry<Client>(key, nowMs, () => this.#settings.create(input, this.#ending.signal));
    this.#entries.set(key, entry);
    entry.ready.then(
      () => {
        this.#counts.created += 1;
        if (entry.disposed) void this.#endLate(entry);
        else this.#settle(entry);
      },
      () => {
        this.#counts.createErrors += 1;
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        entry.retired = true;
        this.#retired.add(entry);
        this.#settle(entry);
      },
    );
    // Others who waited for this key need no room of their own.
    this.#line.admit(key);
    return entry;
  }

  async #leaseOf(entry: Entry<Client>, signal: AbortSignal | undefined): Promise<Lease<Client>> {
    entry.leases += 1;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      entry.leases -= 1;
      entry.usedAtMs = this.#settings.now();
      this.#settle(entry);
    };
    if (this.#entries.delete(entry.key)) this.#entries.set(entry.key, entry);
    try {
      const client = entry.client ? entry.client.value : await orAborted(entry.ready, signal);
      return { client, release, [Symbol.dispose]: release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** After a lease, a creation or a failure: ends what nobody needs, lets the next key in. */
  #settle(entry: Entry<Client>): void {
    if (entry.retired && entry.leases === 0 && !(entry.client === undefined && this.#entries.get(entry.key) === entry))
      void this.#end(entry);
    const next = this.#line.nextKey;
    if (next !== undefined && (this.#entries.has(next) || this.#makeRoom())) this.#line.admit(next);
  }

  #makeRoom(): boolean {
    if (this.#entries.size + this.#retired.size < this.#settings.max) return true;
    for (const entry of this.#entries.values()) {
      if (!entry.idle) continue;
      this.#retire(entry, 'max');
      return this.#entries.size + this.#retired.size < this.#settings.max;
    }
    return false;
  }

  #retire(entry: Entry<Client>, reason: KeyedEvictReason): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    if (entry.retired) return;
    entry.retired = true;
    this.#retired.add(entry);
    this.#counts.evicted += 1;
    this.#settings.onEvict(reason);
    if (entry.idle) void this.#end(entry);
  }

  #end(entry: Entry<Client>): Promise<void> {
    this.#retired.delete(entry);
    if (entry.client && !entry.disposed) this.#counts.disposed += 1;
    return entry.end(this.#settings.dispose, this.#settings.onDisposeError);
  }

  /** The store closed before this client was made: nobody will use it. */
  async #endLate({ client }: Entry<Client>): Promise<void> {
    try {
      if (client) await this.#settings.dispose(client.value);
      this.#counts.disposed += 1;
    } catch (error) {
      this.#settings.onDisposeError(error);
    }
  }

  #reap(): void {
    const nowMs = this.#settings.now();
    for (const entry of this.#entries.values()) {
      const stale = staleness(entry, this.#settings, nowMs);
      if (stale && entry.client) this.#retire(entry, stale);
    }
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
