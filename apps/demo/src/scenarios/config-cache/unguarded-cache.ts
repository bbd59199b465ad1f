import type { ConfigSource } from './config-source.ts';
import type { ChatModelConfig } from './schema.ts';

/**
 * The mistake of the story's first version, kept to be shown: a load that was under way while the value was deleted
 * stores what it read before. `createTtlCache` has no switch for it.
 */
export function unguardedModels(
  source: ConfigSource,
  ttlMs: number,
): {
  get(id: number): Promise<ChatModelConfig | undefined>;
  delete(key: string): boolean;
  clear(): void;
} {
  const entries = new Map<number, { value: ChatModelConfig | undefined; expiresAtMs: number }>();
  return {
    get: async (id) => {
      const entry = entries.get(id);
      if (entry !== undefined && performance.now() < entry.expiresAtMs) return entry.value;
      const value = await source.modelConfig(id);
      entries.set(id, { value, expiresAtMs: performance.now() + ttlMs });
      return value;
    },
    delete: (key) => entries.delete(Number(key)),
    clear: () => entries.clear(),
  };
}
