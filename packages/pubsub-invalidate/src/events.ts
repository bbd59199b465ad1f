/** Why a replica cannot know whether it has seen everything. */
export type GapReason =
  /** The first acknowledgement of a topic: whatever was cached before it may be old. */
  | 'first-subscribe'
  /** The connection was closed and a new one has taken over. */
  | 'reconnect'
  /** A number is missing in a publisher's sequence. */
  | 'sequence'
  /** A connection or a publisher was silent for too long. */
  | 'silence'
  /** More changed than was sent one by one: a full queue, a payload over the transport's limit, a statement over many rows. */
  | 'overflow'
  /** A message could not be read. */
  | 'undecodable'
  /** A kind, or a version of it, that this process does not know: a newer release is running. */
  | 'unknown-kind'
  /** A stream was cut before this process had read all of it. */
  | 'trimmed';

/** A loss, or something that must be treated as one. Each clears what is bound. */
export interface Gap {
  readonly reason: GapReason;
  readonly channels: readonly string[];
  /** Whose message is missing, when that is known. */
  readonly publisher?: string;
  /** At least this many messages are missing; 0 when nobody can know. */
  readonly missed: number;
  /** Milliseconds between the first doubt and this gap. */
  readonly suspectedForMs: number;
}

/** `live`: everything is heard. `suspect`: a message may be missed right now. `down`: an attempt to connect has failed. */
export type BusState = 'starting' | 'live' | 'suspect' | 'down' | 'closed';

/** What `onEvent` and the diagnostics channel get. No event holds a payload or a key. */
export type BusEvent =
  | { readonly type: 'state'; readonly state: BusState; readonly from: BusState; readonly error?: unknown }
  | { readonly type: 'gap'; readonly gap: Gap }
  /** An attempt failed and is repeated. */
  | { readonly type: 'retry'; readonly leg: 'subscriber' | 'publisher'; readonly error: unknown }
  /** A publish was not confirmed in time; its promise has rejected. */
  | { readonly type: 'publish-failed'; readonly error: Error }
  /** The queue was full: this topic's hints became one "everything changed". */
  | { readonly type: 'overflow'; readonly channel: string }
  /** Code of the application threw: a listener, a `keys` function, a bound cache. */
  | { readonly type: 'listener-error'; readonly error: unknown };

type DiagnosticsChannel = { readonly hasSubscribers: boolean; publish(message: unknown): void };
type GetBuiltin = (id: string) => { channel(name: string): DiagnosticsChannel } | undefined;

/** Sends an event to `onEvent` and to the diagnostics channel `corral:pubsub-invalidate`; a listener that throws breaks nothing. */
export function makeEmitter(onEvent: ((event: BusEvent) => void) | undefined): (event: BusEvent) => void {
  const { process } = globalThis as { process?: { getBuiltinModule?: GetBuiltin } };
  const diagnostics = process?.getBuiltinModule?.('node:diagnostics_channel')?.channel('corral:pubsub-invalidate');
  return (event) => {
    if (diagnostics?.hasSubscribers) attempt(() => diagnostics.publish(event));
    if (onEvent) attempt(() => onEvent(event));
  };
}

function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // A broken listener is the listener's problem; there is nobody left to tell.
  }
}
