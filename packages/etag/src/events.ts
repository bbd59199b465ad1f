import { builtinModule } from './builtin.ts';

/** One 2xx answer to a GET, HEAD or QUERY, or a 304, 412 or 416. Published to the diagnostics channel `corral:etag`; holds no tag, key or URL. */
export interface EtagEvent {
  readonly type: 'full' | 'partial' | 'not-modified' | 'precondition-failed' | 'range-not-satisfiable';
  /** What decided: a version before the handler, a body's tag after it, a representation, `checkPreconditions` or `conditional`. */
  readonly source: 'version' | 'auto' | 'representation' | 'check' | 'conditional';
  /** Bytes of the body that a 304 did not send, where they are known. */
  readonly savedBytes: number;
}

let channel: { hasSubscribers: boolean; publish(message: unknown): void } | null | undefined;

/** Publishes to `corral:etag`; a subscriber that throws is the runtime's to report, not ours. */
export function publish(type: EtagEvent['type'], source: EtagEvent['source'], savedBytes = 0): void {
  if (channel === undefined) {
    channel = builtinModule('node:diagnostics_channel')?.channel('corral:etag') ?? null;
  }
  if (channel?.hasSubscribers === true) channel.publish(Object.freeze({ type, source, savedBytes }));
}

export function eventType(status: number): EtagEvent['type'] {
  if (status === 304) return 'not-modified';
  if (status === 412) return 'precondition-failed';
  if (status === 416) return 'range-not-satisfiable';
  return status === 206 ? 'partial' : 'full';
}
