export type TierOperation = 'get' | 'fill' | 'release' | 'set' | 'delete' | 'clear';

/** What happens in a cache, besides hits and misses, which `stats()` counts. `key` is the caller's own object. */
export type CacheEvent<Key = unknown> =
  /** A load brought a value, or nothing. `from: 'tier'`: no loader was called. */
  | { readonly type: 'loaded'; readonly key: Key; readonly from: 'loader' | 'tier'; readonly durationMs: number }
  /** A loader threw, rejected or timed out. `covered`: an old value is still held and may answer instead. */
  | {
      readonly type: 'loadFailed';
      readonly key: Key;
      readonly error: unknown;
      readonly covered: boolean;
      readonly durationMs: number;
    }
  /**
   * A result was not stored: the key was deleted, cleared or set during the load (`outdated`), the tier refused the write
   * because another process invalidated the key (`refused`), the load had timed out (`late`), or the value is larger than
   * `maxBytes` (`tooLarge`).
   */
  | { readonly type: 'discarded'; readonly key: Key; readonly reason: 'outdated' | 'refused' | 'late' | 'tooLarge' }
  | { readonly type: 'deleted'; readonly key: Key }
  | { readonly type: 'cleared'; readonly entries: number }
  /** A sweep found expired entries. `slices`: how often it gave way to others. */
  | { readonly type: 'reaped'; readonly expired: number; readonly slices: number }
  /** The tier failed; the cache goes around it. */
  | { readonly type: 'tierError'; readonly operation: TierOperation; readonly error: unknown }
  /** The tier is back and has seen what was kept for it. */
  | { readonly type: 'tierCaughtUp'; readonly keys: number; readonly cleared: boolean };

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** What of Node is used, where the runtime is Node. */
interface Runtime {
  process?: { getBuiltinModule?(name: string): { channel(name: string): Channel } | undefined };
}

/** Node's diagnostics channel `corral:ttl-cache`; undefined where the runtime has none. */
function diagnosticsChannel(): Channel | undefined {
  const { process } = globalThis as Runtime;
  return process?.getBuiltinModule?.('node:diagnostics_channel')?.channel('corral:ttl-cache');
}

/**
 * Tells the listener and the diagnostics channel. The event is made only if somebody is there to see it.
 * What a listener throws is dropped: watching must not change what is watched.
 */
export type Emit<Key> = (make: () => CacheEvent<Key>) => void;

export function createEmit<Key>(onEvent: ((event: CacheEvent<Key>) => void) | undefined): Emit<Key> {
  const channel = diagnosticsChannel();
  return (make) => {
    const published = channel !== undefined && channel.hasSubscribers;
    if (onEvent === undefined && !published) return;
    const event = make();
    if (published) channel.publish(event);
    try {
      onEvent?.(event);
    } catch {
      // see above
    }
  };
}
