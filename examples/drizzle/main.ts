// Drizzle on db-pool: the same Drizzle, on a pool that waits out a restart and says who holds what.
import { createPool } from '@corral/db-pool';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';

const pool = createPool({
  connection: process.env['DATABASE_URL'] ?? 'postgres://localhost/app',
  size: 4,
  overflow: 0,
});
const db = drizzle(pool.asPgPool());
const ducks = pgTable('ducks', { id: integer().primaryKey(), name: text().notNull() });

await db.execute(sql`create table if not exists ducks (id int primary key, name text not null)`);
await db.insert(ducks).values({ id: 1, name: 'Ada' }).onConflictDoNothing();

await db.transaction(async (tx) => {
  await tx.update(ducks).set({ name: 'Bo' }).where(eq(ducks.id, 1));
});
console.log('committed:', await db.select().from(ducks));

// A statement that fails costs no connection.
const failures = Array.from({ length: 20 }, () => db.execute(sql`select 1 / 0`).catch(() => undefined));
await Promise.all(failures);
console.log(`after 20 failed statements: ${pool.stats().destroyed} connections were closed`);

// Where Drizzle ends, the pool's own transaction begins: retries, savepoints, work after the commit.
const total = await pool.tx(
  async (tx) => {
    tx.afterCommit(() => console.log('after the commit'));
    const { rows } = await tx.query('select count(*)::int as total from ducks');
    return rows[0]?.total;
  },
  { isolation: 'serializable', retries: 3 },
);
console.log(`${total} duck`);
await pool.close();
