/**
 * `timeout`: no answer within `timeoutMs`. `away`: the client has no connection, or lately nobody answered on it.
 * `late`: Redis got the command after its deadline and did nothing. `reply`: Redis refused (`READONLY`, `OOM`, `LOADING`, ...).
 * `codec`: the value cannot be encoded. `aborted`: the caller of `get` has given up. `closed`: after `close()`.
 */
export type RedisTierErrorReason = 'timeout' | 'away' | 'late' | 'reply' | 'codec' | 'aborted' | 'closed';

const texts: Record<RedisTierErrorReason, string> = {
  timeout: 'no answer from Redis in time',
  away: 'Redis does not answer',
  late: 'Redis got the command too late and did nothing',
  reply: 'Redis refused the command',
  codec: 'the value cannot be encoded',
  aborted: 'the load was given up',
  closed: 'the tier is closed',
};

/** The tier cannot do what it was asked. The cache goes around it; callers of the cache never see this, its events do. */
export class RedisTierError extends Error {
  override readonly name = 'RedisTierError';
  readonly code = 'ERR_REDIS_TIER' as const;
  readonly reason: RedisTierErrorReason;

  constructor(reason: RedisTierErrorReason, cause?: unknown) {
    const detail = cause === undefined ? '' : `: ${messageOf(cause)}`;
    super(texts[reason] + detail, cause === undefined ? undefined : { cause: plain(cause) });
    this.reason = reason;
  }
}

/** A driver's error carries the command with keys and values; what goes on from here has the message alone. */
function plain(error: unknown): Error {
  const copy = new Error(messageOf(error));
  if (error instanceof Error) copy.name = error.name;
  return copy;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.slice(0, 200);
}
