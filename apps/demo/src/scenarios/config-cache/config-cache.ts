import type { Invalidator } from '@corral/pubsub-invalidate';
import { createTtlCache, type TtlCache } from '@corral/ttl-cache';
import type { HeldValue } from '../../replica/contract.ts';
import type { ConfigSource } from './config-source.ts';
import type { ConfigKinds } from './config-changes.ts';
import type { ChatModelConfig, ChatProvider, UserPrompt } from './schema.ts';

export interface ConfigCacheSettings {
  /** How long providers and model configs are fresh, milliseconds. */
  ttlMs: number;
  /** How long a user's prompt is fresh, and that a user has none, milliseconds. */
  promptTtlMs: number;
  /** Remember "this user has no prompt". */
  negative: boolean;
  /** Give each caller an object of its own. */
  clone: boolean;
}

export interface ConfigCache extends ConfigSource {
  /** The providers that a turn would get now, without asking for them. */
  held(): HeldValue;
  stats(): Record<string, unknown>;
  close(): void;
}

/**
 * After: a cache in front of the same source, for the whole process. Loads are coalesced, "not found" is remembered,
 * options are cloned, and a change anywhere reaches every replica through `changes`.
 */
export function cachedConfig(
  source: ConfigSource,
  changes: Invalidator<ConfigKinds> | undefined,
  { ttlMs, promptTtlMs, negative, clone }: ConfigCacheSettings,
): ConfigCache {
  const cloned = clone ? { clone: 'structured' as const } : {};
  const providers = createTtlCache<ChatProvider[]>({ ttlMs, ...cloned });
  const models = createTtlCache<ChatModelConfig, number>({ ttlMs, ...cloned });
  const prompts = createTtlCache<UserPrompt, number>({ ttlMs: promptTtlMs, negativeTtlMs: negative ? promptTtlMs : 0 });

  // While a message may be missed, nothing older than one heartbeat is served.
  const whileSuspect = 'clear';
  changes?.bind(providers, { keys: { providers: () => 'all' }, whileSuspect });
  changes?.bind(byTextKey(models), {
    keys: { modelConfig: ({ id }) => [String(id)], providers: () => 'all' },
    whileSuspect,
  });
  changes?.bind(byTextKey(prompts), { keys: { userPrompt: ({ userId }) => [String(userId)] }, whileSuspect });

  return {
    enabledProviders: async () => (await providers.getOrLoad('enabled', () => source.enabledProviders())) ?? [],
    modelConfig: (id) => models.getOrLoad(id, () => source.modelConfig(id)),
    userPrompt: (userId) => prompts.getOrLoad(userId, () => source.userPrompt(userId)),
    held: () => {
      const { value, ageMs } = providers.lookup('enabled');
      const { hits, loads } = providers.stats();
      if (value === undefined) return { seen: 'nothing held', hits, loads };
      return { seen: `revision ${String(value[0]?.options['revision'])}`, ageMs: Math.round(ageMs), hits, loads };
    },
    stats: () => ({ providers: providers.stats(), models: models.stats(), prompts: prompts.stats() }),
    close: () => {
      for (const cache of [providers, models, prompts]) cache.close();
    },
  };
}

/** A message carries text; the cache's keys are numbers. */
function byTextKey<Value>(cache: TtlCache<Value, number>): { delete(key: string): boolean; clear(): void } {
  return { delete: (key) => cache.delete(Number(key)), clear: () => cache.clear() };
}
