/**
 * The wire format: one line of JSON. A message names that something changed; it never carries the cached value.
 * `p` publisher, `e` its epoch (absent: 0), `s` sequence on this channel, `a` age in ms of the message before it,
 * then one of `h` hints, `c` everything of the topic changed, `r` inbox results, `n` heartbeat.
 * Whoever writes by hand (a trigger, psql) sends `{"v":1,"h":[["kind",1,{"id":"x"}]]}`: no publisher, no number.
 */
export type Message = Numbered | Beat;

/** Where a message stands in its publisher's sequence. `seq` 0: sent without a number (in a transaction, by a trigger). */
export interface Origin {
  readonly publisher: string;
  readonly epoch: number;
  readonly seq: number;
  readonly previousAgeMs: number;
}

export interface Hint {
  readonly kind: string;
  readonly version: number;
  readonly payload: unknown;
}

export interface InboxResult {
  readonly id: string;
  readonly outcome: 'value' | 'error' | 'reference';
  readonly value: unknown;
}

export type Body =
  | { readonly type: 'hints'; readonly hints: readonly Hint[] }
  | { readonly type: 'everything' }
  | { readonly type: 'results'; readonly results: readonly InboxResult[] };

export interface Numbered {
  readonly type: 'numbered';
  readonly origin: Origin;
  readonly body: Body;
}

/** The last number a publisher has sent on a channel, and how long ago. */
export interface Mark {
  readonly channel: string;
  readonly epoch: number;
  readonly seq: number;
  readonly ageMs: number;
}

export interface Beat {
  readonly type: 'beat';
  readonly publisher: string;
  readonly number: number;
  /** Milliseconds to the next one; `Infinity` (0 on the wire): this publisher promises none. */
  readonly intervalMs: number;
  readonly marks: readonly Mark[];
  readonly bye: boolean;
}

const RESULT_CODES = ['value', 'error', 'reference'] as const;

export function encodeHint(kind: string, version: number, payload: unknown): string {
  return JSON.stringify(payload === undefined ? [kind, version] : [kind, version, payload]);
}

export function encodeResult(id: string, outcome: InboxResult['outcome'], value?: unknown): string {
  const code = RESULT_CODES.indexOf(outcome);
  return JSON.stringify(value === undefined ? [id, code] : [id, code, value]);
}

/** Joins items that are JSON already. `field` is `h` for hints and `r` for results; no items: everything changed. */
export function encodeMessage(origin: Origin, field: 'h' | 'r', items: readonly string[]): string {
  const epoch = origin.epoch === 0 ? '' : `,"e":${origin.epoch}`;
  const number = origin.seq === 0 ? '' : `,"s":${origin.seq},"a":${Math.floor(origin.previousAgeMs)}`;
  const body = items.length === 0 ? '"c":1' : `"${field}":[${items.join(',')}]`;
  return `{"v":1,"p":${JSON.stringify(origin.publisher)}${epoch}${number},${body}}`;
}

/** Bytes that `encodeMessage` adds around its items, at most. */
export const ENVELOPE_BYTES = 160;

export function encodeBeat(beat: Omit<Beat, 'type'>): string {
  const marks = beat.marks.map(({ channel, epoch, seq, ageMs }) => [channel, epoch, seq, Math.floor(ageMs)]);
  const interval = Number.isFinite(beat.intervalMs) ? beat.intervalMs : 0;
  const base = { v: 1, p: beat.publisher, n: beat.number, b: interval, m: marks };
  return JSON.stringify(beat.bye ? { ...base, bye: 1 } : base);
}

/** Reads a message; `undefined` for anything that is not one. Hostile input is normal input: nothing is trusted, nothing throws. */
export function decodeMessage(data: string): Message | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isRecord(raw) || raw['v'] !== 1) return undefined;
  if (raw['n'] !== undefined) return decodeBeat(raw);
  const origin = decodeOrigin(raw);
  const body = decodeBody(raw);
  return origin && body ? { type: 'numbered', origin, body } : undefined;
}

function decodeOrigin(raw: Record<string, unknown>): Origin | undefined {
  const { p = '', e = 0, s = 0, a = 0 } = raw;
  if (!isName(p) || !isCount(e) || !isCount(s) || !isAge(a) || (s > 0 && p === '')) return undefined;
  return { publisher: p, epoch: e, seq: s, previousAgeMs: a };
}

function decodeBody(raw: Record<string, unknown>): Body | undefined {
  if (raw['c'] === 1) return { type: 'everything' };
  if (Array.isArray(raw['h'])) {
    const hints = raw['h'].map(decodeHint);
    return hints.every((hint) => hint !== undefined) ? { type: 'hints', hints } : undefined;
  }
  if (Array.isArray(raw['r'])) {
    const results = raw['r'].map(decodeResult);
    return results.every((result) => result !== undefined) ? { type: 'results', results } : undefined;
  }
  return undefined;
}

function decodeHint(raw: unknown): Hint | undefined {
  if (!Array.isArray(raw) || typeof raw[0] !== 'string' || !isCount(raw[1])) return undefined;
  return { kind: raw[0], version: raw[1], payload: raw[2] };
}

function decodeResult(raw: unknown): InboxResult | undefined {
  if (!Array.isArray(raw) || typeof raw[0] !== 'string') return undefined;
  const outcome = isCount(raw[1]) ? RESULT_CODES[raw[1]] : undefined;
  return outcome && { id: raw[0], outcome, value: raw[2] };
}

function decodeBeat(raw: Record<string, unknown>): Beat | undefined {
  const { p, n, b, m, bye } = raw;
  if (!isName(p) || p === '' || !isCount(n) || !isAge(b) || !Array.isArray(m)) return undefined;
  const marks = m.map(decodeMark);
  if (!marks.every((mark) => mark !== undefined)) return undefined;
  return { type: 'beat', publisher: p, number: n, intervalMs: b === 0 ? Infinity : b, marks, bye: bye === 1 };
}

function decodeMark(raw: unknown): Mark | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [channel, epoch, seq, ageMs] = raw as unknown[];
  if (typeof channel !== 'string' || !isCount(epoch) || !isCount(seq) || !isAge(ageMs)) return undefined;
  return { channel, epoch, seq, ageMs };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= 64;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isAge = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
