/** What happens to a flight. The types carry the names of the counters in `stats()`. `key` is the caller's own object. */
export type FlightEvent<Key = unknown> =
  /** The work of a new flight is about to be called. */
  | { readonly type: 'started'; readonly key: Key }
  /** One more caller shares a running flight. `callers` counts all that it has had. */
  | { readonly type: 'joined'; readonly key: Key; readonly callers: number }
  | { readonly type: 'succeeded'; readonly key: Key; readonly callers: number }
  /** The work rejected. With `waiting: 0` nobody is left who could handle the error: this event is its only trace. */
  | {
      readonly type: 'failed';
      readonly key: Key;
      readonly callers: number;
      readonly waiting: number;
      readonly error: unknown;
    }
  | { readonly type: 'timedOut'; readonly key: Key; readonly callers: number; readonly timeoutMs: number }
  /** The last caller left; `aborted` says whether the work was told to stop. At most once for a flight. */
  | { readonly type: 'abandoned'; readonly key: Key; readonly callers: number; readonly aborted: boolean }
  | { readonly type: 'forgotten'; readonly key: Key; readonly callers: number };

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** What of Node is used, where the runtime is Node. */
interface Runtime {
  process?: { getBuiltinModule?(name: string): { channel(name: string): Channel } | undefined };
}

/** Node's diagnostics channel `corral:singleflight`; undefined where the runtime has none. */
function diagnosticsChannel(): Channel | undefined {
  const { process } = globalThis as Runtime;
  return process?.getBuiltinModule?.('node:diagnostics_channel')?.channel('corral:singleflight');
}

/**
 * Tells the listener and the diagnostics channel. The event is made only if somebody is there to see it.
 * What a listener throws is dropped: watching must not change what is watched.
 */
export type Emit<Key> = (make: () => FlightEvent<Key>) => void;

export function createEmit<Key>(onEvent: ((event: FlightEvent<Key>) => void) | undefined): Emit<Key> {
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
