import { DatabaseError } from './driver.ts';

/** SQLSTATEs after which the server has closed, or is about to close, this session. */
const FATAL_STATES = new Set(['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04']);
const SOCKET_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** The error's own code, whatever threw it. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A SQLSTATE: five characters, from the server. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError || isForeignDatabaseError(error) ? codeOf(error) : undefined;
}

/** Two copies of `pg-protocol` in one tree break `instanceof`; a severity beside a five-character code does not lie. */
function isForeignDatabaseError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && /^[0-9A-Z]{5}$/.test(codeOf(error) ?? '');
}

/**
 * Does this error end the session? Severity FATAL or PANIC, class 08, an operator's intervention, or a dead socket. All
 * other SQL errors leave the connection as good as new: throwing it away costs a connect for each failing statement.
 */
export function endsSession(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) return SOCKET_CODES.has(codeOf(error) ?? '');
  const { severity } = error as DatabaseError;
  return severity === 'FATAL' || severity === 'PANIC' || state.startsWith('08') || FATAL_STATES.has(state);
}

/** An error of one statement: the session goes on, and the same statement would fail again. */
export function isStatementError(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && !endsSession(error);
}

/**
 * Will the next attempt to connect fail in the same way? Wrong credentials (28xxx), an unknown database (3D000), a host
 * name that never resolved. A server that starts, stops, is full (53300) or unreachable is worth waiting for.
 */
export function isHopeless(error: unknown, connectedBefore: boolean): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return state.startsWith('28') || state === '3D000' || state === '42501' || state === '22023';
  return codeOf(error) === 'ENOTFOUND' && !connectedBefore;
}

/** Serialization failure or deadlock: the same transaction may well succeed when run again. */
export function isRetryable(error: unknown, retryOn: readonly string[]): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth += 1) {
    if (retryOn.includes(sqlStateOf(cause) ?? '')) return true;
  }
  return false;
}

const MAX_SQL = 200;

/** SQL fit for a log: literals blanked, whitespace collapsed, at most 200 characters. Values never were in it. */
export function withoutLiterals(sql: string): string {
  const blanked = sql
    .slice(0, 2_000)
    .replace(/'(?:[^']|'')*(?:'|$)/g, "'?'")
    .replace(/\$([A-Za-z_]\w*)?\$[^$]*(?:\$[A-Za-z_]*\$|$)/g, "'?'")
    .replace(/\s+/g, ' ')
    .trim();
  return blanked.length > MAX_SQL ? `${blanked.slice(0, MAX_SQL)}...` : blanked;
}
