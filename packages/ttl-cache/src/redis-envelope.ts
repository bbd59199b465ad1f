import type { TierEntry } from './tier.ts';

/** Values to bytes and back. What `encode` made as a string comes to `decode` as a string, bytes come as bytes. */
export interface Codec<Value> {
  encode(value: Value): string | Uint8Array;
  decode(data: string | Uint8Array): Value;
}

/**
 * An entry in Redis: `<version><generation><filler><form><payload>`. The scripts read the first three, see `redis-scripts.ts`; an
 * entry of another version or generation is none to them. The filler says under which lease it was written.
 */
export const version = 'c1';
/** Characters of a generation and of a token. */
export const tokenLength = 16;

const text = 's';
const bytes = 'b';
const nothing = 'n';

/** What follows the filler. @throws What the codec throws. */
export function encodeEntry<Value>(
  value: Value | undefined,
  codec: Codec<Value>,
): { form: string; payload: string | Buffer } {
  if (value === undefined) return { form: nothing, payload: '' };
  const data: unknown = codec.encode(value);
  if (typeof data === 'string') return { form: text, payload: data };
  if (data instanceof Uint8Array) {
    return { form: bytes, payload: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
  }
  throw new TypeError(`codec.encode: expected a string or Uint8Array, got ${typeof data}`);
}

/** The other way. @throws What the codec throws, and `RangeError` for what no codec of this version writes. */
export function decodeEntry<Value>(data: Buffer, ttlMs: number, codec: Codec<Value>): TierEntry<Value> {
  const form = data.toString('latin1', 0, 1);
  const payload = data.subarray(1);
  if (form === nothing) return { value: undefined, ttlMs };
  if (form !== text && form !== bytes) throw new RangeError(`unknown form ${JSON.stringify(form)}`);
  const value = codec.decode(form === text ? payload.toString() : payload);
  if (value === undefined) throw new RangeError('codec.decode: expected a value, got undefined');
  return { value, ttlMs };
}

const tokenBytes = 12;
/** Random bytes for many tokens: to ask for 12 at a time takes longer than all else that a call does before it is sent. */
const pool = Buffer.alloc(tokenBytes * 256);
let used = pool.length;

/** 96 random bits: nobody draws the same twice. */
export function newToken(): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const token = pool.toString('base64url', used, used + tokenBytes);
  used += tokenBytes;
  return token;
}
