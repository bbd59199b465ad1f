import { shown } from './rules.ts';

interface Hash {
  update(text: string): Hash;
  digest(encoding: 'base64url'): string;
}

interface BuiltinLoader {
  getBuiltinModule?(name: 'node:crypto'): { createHash(name: 'sha256'): Hash } | undefined;
}

const crypto = (globalThis as { process?: BuiltinLoader }).process?.getBuiltinModule?.('node:crypto');

/** Keys up to this length are kept as they are. */
export const MAX_KEY_LENGTH = 256;

/**
 * A key of any length becomes one of bounded length: a long one is replaced by its SHA-256, where the runtime has one.
 * @throws {TypeError} It is no string.
 */
export function boundedKey(key: string): string {
  if (typeof key !== 'string') throw new TypeError(`key: expected a string, got ${shown(key)}`);
  if (key.length <= MAX_KEY_LENGTH || crypto === undefined) return key;
  return `sha256:${crypto.createHash('sha256').update(key).digest('base64url')}`;
}
