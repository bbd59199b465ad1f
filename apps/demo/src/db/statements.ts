/** Rows of a query, as pg returns them. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount?: number | null }>;
}

/** Runs statements by name and counts them: the second witness beside the database's own count. */
export interface Statements<Name extends string> {
  run<Row>(name: Name, values?: unknown[], on?: Queryable): Promise<Row[]>;
  counts(): Record<string, number>;
}

/** Each statement carries its name as a comment, so that Postgres can say how often it ran. */
export function createStatements<Name extends string>(pool: Queryable, sql: Record<Name, string>): Statements<Name> {
  const counts: Record<string, number> = {};
  return {
    run: async <Row>(name: Name, values: unknown[] = [], on: Queryable = pool) => {
      counts[name] = (counts[name] ?? 0) + 1;
      const { rows } = await on.query(named(name, sql[name]), values);
      return rows as Row[];
    },
    counts: () => ({ ...counts }),
  };
}

/** The comment stands behind the first word: Postgres 18 cuts off a comment in front before it keeps the text. */
export const named = (name: string, sql: string): string => sql.replace(/^\s*\w+/, (verb) => `${verb} /* ${name} */`);

/** The name in a statement's comment, as `pg_stat_statements` keeps it. */
export const nameOf = (text: string): string | undefined => /^\s*\w+ \/\* (\w+) \*\//.exec(text)?.[1];
