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
 * Who looks on. A flight asks `watched` once, at its start: its events come all or not at all, and joining it costs
 * nothing when nobody looked.
 */
export interface Watch<Key> {
  readonly watched: boolean;
  /** Tells the listener and the channel. What a listener throws is dropped: watching must not change what is watched. */
  tell(event: FlightEvent<Key>): void;
}

export function createWatch<Key>(onEvent: ((event: FlightEvent<Key>) => void) | undefined): Watch<Key> {
  const channel = diagnosticsChannel() ?? { hasSubscribers: false, publish: () => {} };
  return {
    get watched() {
      return onEvent !== undefined || channel.hasSubscribers;
    },
    tell(event) {
      if (channel.hasSubscribers) channel.publish(event);
      try {
        onEvent?.(event);
      } catch {
        // see above
      }
    },
  };
}
