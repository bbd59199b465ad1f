import { createPool } from '@corral/db-pool';
import { createStatements } from '../../db/statements.ts';
import type { BuildReplica } from '../../replica/contract.ts';
import { addConnectRoute } from './connections.ts';
import { heldIdentity, identityFromDatabase, populate, uncoalescedIdentity, type IdentitySource } from './identity.ts';
import { addAgentRoutes } from './routes.ts';
import { statements } from './schema.ts';

/**
 * `before` asks the database in each request; `after` holds what it read at connect. Two more to look at the fallback:
 * `unpopulated` holds nothing at connect, `uncoalesced` neither, and every request then asks for itself.
 */
export type Composition = 'before' | 'after' | 'unpopulated' | 'uncoalesced';

export const buildAgentIdentity: BuildReplica<object> = async (app, { composition, databaseUrl, index }) => {
  const pool = createPool({ connection: databaseUrl, name: `replica-${index}`, size: 10 });
  const db = createStatements(pool, statements);
  const source = identityFromDatabase(db);
  const identities: Record<Composition, IdentitySource> = {
    before: source,
    after: heldIdentity(source),
    unpopulated: heldIdentity(source),
    uncoalesced: uncoalescedIdentity(source),
  };
  const identity = identities[composition as Composition];
  const connections = addConnectRoute(app, db, composition === 'after' ? populate : () => {});
  addAgentRoutes(app, db, connections, identity);

  return {
    counts: db.counts,
    held: () => ({ seen: `${connections.populated} of ${connections.size} connections know their agent` }),
    stats: () => ({ pool: pool.stats(), singleflight: identity.stats?.(), connections: { held: connections.size } }),
    close: async () => void (await pool.close()),
  };
};
