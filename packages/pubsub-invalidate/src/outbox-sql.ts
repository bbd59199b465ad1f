import { DEFAULT_OUTBOX } from './outbox-rows.ts';
import { quoteTable } from './sql-quote.ts';

/** SQL that makes and removes the outbox table. Both may run again and again. `ready_at`: when a relay may take a row whose writer has not published it itself. */
export function outboxSql(options: { readonly table?: string | undefined } = {}): { up: string; down: string } {
  const table = quoteTable(options.table ?? DEFAULT_OUTBOX);
  return {
    up: `CREATE TABLE IF NOT EXISTS ${table} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,
  hints text,
  ready_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
`,
    down: `DROP TABLE IF EXISTS ${table};
`,
  };
}
