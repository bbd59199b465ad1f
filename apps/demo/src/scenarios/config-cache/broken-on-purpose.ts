import type { ConfigCacheReplica } from './replica.ts';

/** `guard`: a late load may store; `store`: the cache keeps nothing. */
export type Break = 'guard' | 'store';

/** CORRAL_DEMO_BREAK: what is broken on purpose, to see that a run says so. @throws {RangeError} It names something else. */
export function brokenOnPurpose(): Break | undefined {
  const value = process.env['CORRAL_DEMO_BREAK'];
  if (value === undefined || value === '') return undefined;
  if (value !== 'guard' && value !== 'store') {
    throw new RangeError(`CORRAL_DEMO_BREAK: expected guard or store, got ${value}`);
  }
  return value;
}

/** The composition and settings as they should be, or as the switch breaks them. */
export function broken(
  what: Break | undefined,
  composition: string,
  settings: ConfigCacheReplica,
): { composition: string; settings: ConfigCacheReplica } {
  if (what === 'guard' && composition === 'after') return { composition: 'unguarded', settings };
  if (what === 'store') return { composition, settings: { ...settings, ttlMs: 0, promptTtlMs: 0 } };
  return { composition, settings };
}
