/** One message on its way to the broker. */
export interface OutgoingMessage {
  readonly channel: string;
  readonly data: string;
}

/** What a session tells its owner. Neither call may throw, and neither comes after `close()`. */
export interface SessionHandlers {
  message(channel: string, data: string): void;
  /** The connection is gone for good; called at most once. */
  closed(error?: Error): void;
  /** The broker still has this channel but no longer all that was sent on it (a trimmed stream). */
  trimmed(channel: string): void;
}

/** One subscriber connection, from its handshake to its end. It never reconnects: the bus opens the next one. */
export interface Session {
  /**
   * Resolves when the server has acknowledged all `channels`. The result lists those that go on exactly where the
   * session before this one ended, so that nothing was missed (a transport without replay lists none).
   */
  subscribe(channels: readonly string[]): Promise<readonly string[]>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  /** A round trip on the subscriber's own connection. It may hang: the bus holds the deadline. */
  ping(): Promise<void>;
  /** Lets go of the connection at once, also of one that answers no more. */
  close(): void;
}

/**
 * Moves text between processes; knows nothing of topics, numbers or gaps. One transport serves one bus.
 * `transportContract` checks an own one.
 */
export interface Transport {
  /** For errors and events. */
  readonly name: string;
  /** The largest `data` that `publish` accepts, in bytes of UTF-8. */
  readonly maxPayloadBytes: number;
  /** True when a NOTIFY inside a Postgres transaction reaches the sessions of this transport. */
  readonly transactional: boolean;
  /** Milliseconds to gather between two batches while hints of transactions trickle in (0): where a batch costs others something. */
  readonly gatherMs?: number | undefined;
  /** When set, `start()` fails with this advice if a session stays deaf to what the publisher's connection sends. */
  readonly deafAdvice?: string | undefined;
  /** Opens one session. When `signal` aborts, the attempt ends and leaves no connection behind. */
  connect(handlers: SessionHandlers, signal: AbortSignal): Promise<Session>;
  /**
   * Sends a batch in order and resolves when the broker has all of it. Never called while another call runs.
   * When `signal` aborts, the attempt is given up together with its connection, as far as the transport owns that.
   */
  publish(batch: readonly OutgoingMessage[], signal: AbortSignal): Promise<void>;
  /** Ends what the transport opened itself. Idempotent. */
  close(): Promise<void>;
}
