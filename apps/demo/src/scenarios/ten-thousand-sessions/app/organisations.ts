import { createTtlCache } from '@corral/ttl-cache';
import type { Queryable, Statements } from '../../../db/statements.ts';
import type { StatementName } from '../schema.ts';

/** Usage of the language model is billed to the organisation of the app. */
export interface Organisations {
  of(appId: number, on: Queryable): Promise<number>;
  stats(): Record<string, unknown>;
}

/** Before: a query for each call of the language model. */
export function organisationsFromDatabase(db: Statements<StatementName>): Organisations {
  return {
    of: async (appId, on) => {
      const [row] = await db.run<{ org_id: number }>('GetOrgByApp', [appId], on);
      if (row === undefined) throw new Error(`no app ${appId}`);
      return row.org_id;
    },
    stats: () => ({}),
  };
}

/** After: an app never changes its organisation, so one query for each app is enough for the life of the process. */
export function rememberedOrganisations(db: Statements<StatementName>): Organisations {
  const source = organisationsFromDatabase(db);
  const cache = createTtlCache<number, number>({ ttlMs: Infinity });
  return {
    // The load runs on the connection of the turn that started it: a second one could deadlock a full pool.
    of: async (appId, on) => (await cache.getOrLoad(appId, () => source.of(appId, on)))!,
    stats: () => ({ cache: cache.stats() }),
  };
}
