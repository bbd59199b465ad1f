import { quoteTable } from './sql-quote.ts';
import { withClient, type TransactionClient, type TransactionPool } from './transaction-pool.ts';

export const DEFAULT_OUTBOX = 'corral_outbox';

/** The writer publishes its rows itself; only when it has not done so after this time does a relay take them. */
const OWN_CHANCE = '2 seconds';

/** One row for the hints of one transaction; its id comes back. */
export async function insertOutboxRow(
  client: TransactionClient,
  table: string,
  channel: string,
  jsons: readonly string[],
): Promise<string> {
  const sql = `INSERT INTO ${quoteTable(table)} (channel, hints, ready_at) VALUES ($1, $2, clock_timestamp() + interval '${OWN_CHANCE}') RETURNING id`;
  const { rows } = await client.query(sql, [channel, `[${jsons.join(',')}]`]);
  return String((rows[0] as { id: unknown }).id);
}

export function deleteOutboxRows(pool: TransactionPool, table: string, ids: readonly string[]): Promise<void> {
  return withClient(pool, async (client, fail) => {
    try {
      await client.query(`DELETE FROM ${quoteTable(table)} WHERE id = ANY($1::bigint[])`, [ids]);
    } catch (error) {
      fail(error);
      throw error;
    }
  });
}
