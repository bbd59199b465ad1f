/** Postgres cuts identifiers at 63 bytes in LISTEN and refuses longer ones in pg_notify, so no channel is ever longer. */
export const MAX_CHANNEL_BYTES = 63;

const encoder = new TextEncoder();
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export const byteLength = (text: string): number => encoder.encode(text).length;

/** 96 random bits as 16 characters: a new identity for each start of a process. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = '';
  for (const byte of bytes) id += ALPHABET[byte & 63];
  return id;
}

/** The channel of a topic: `namespace:topic`, and when that is over 63 bytes its beginning plus a hash of the whole. */
export const topicChannel = (namespace: string, topic: string): string =>
  fit(`${namespace}:${topic}`, MAX_CHANNEL_BYTES);

/** The channel on which the buses of a namespace tell each other that they live. */
export const beatChannel = (namespace: string): string => `${fit(namespace, 40)}:~beat`;

const inboxPrefix = (namespace: string): string => `${fit(namespace, 20)}:~in:`;

/** The channel of one process' inbox. */
export const inboxChannel = (namespace: string, name: string, busId: string): string =>
  `${inboxPrefix(namespace)}${fit(name, 20)}:${busId}`;

/** Whether `replyTo` may be published to: a forged one must not reach a topic. */
export const isInboxChannel = (namespace: string, replyTo: string): boolean =>
  isChannel(replyTo) && replyTo.startsWith(inboxPrefix(namespace));

/**
 * Whether every broker takes this channel. Postgres refuses others each time they come, and since nothing is given up, all that is
 * queued behind one would wait for ever.
 */
export const isChannel = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && !name.includes('\0') && byteLength(name) <= MAX_CHANNEL_BYTES;

/** Cuts `text` to `maxBytes`; what is cut is replaced by a hash of the whole, so that different texts stay different. */
export function fit(text: string, maxBytes: number): string {
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return text;
  const mark = `~${fnv1a(bytes, 0x811c9dc5)}${fnv1a(bytes, 0x9747b28c)}`;
  let end = maxBytes - mark.length;
  while ((bytes[end]! & 0xc0) === 0x80) end--; // never inside a character
  return new TextDecoder().decode(bytes.subarray(0, end)) + mark;
}

function fnv1a(bytes: Uint8Array, seed: number): string {
  let hash = seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}
