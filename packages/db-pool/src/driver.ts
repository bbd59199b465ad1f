/**
 * The one door to the driver. The pool is about Postgres, so `pg` is a required peer and a value import (docs/decisions/0060).
 * Only the public surface of `pg` is used; what its types leave out is named in `PgClient`.
 */
// oxlint-disable-next-line eslint/no-restricted-imports -- this package is an adapter of `pg` by its contract
export { Client, Connection as WireConnection, DatabaseError, Pool as PgPool } from 'pg';

import type { Client } from 'pg';

/** A `pg.Client`, with the public fields that `@types/pg` does not list. */
export type PgClient = Client & {
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly sslNegotiation?: string;
};
