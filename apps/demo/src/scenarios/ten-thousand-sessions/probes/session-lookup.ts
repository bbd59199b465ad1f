import type { Session } from '../../../db/session.ts';
import { insertSessions, reuseIndex, rowsOfPlan, rowsUnderLoad, statements } from '../schema.ts';
import type { Part } from '../part.ts';

interface Lookup {
  /** The node that reads the table. */
  scan: string;
  index: string | undefined;
  /** Pages of 8 kB that the statement touched. */
  pages: number;
  indexKiB: number | undefined;
}

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** What the planner does with the lookup among 500,000 rows, 2 % of them active, and how many pages it touches. */
export const sessionLookup: Part<Lookup> = {
  name: 'the session lookup',
  look: async ({ stage: { admin }, place: { load } }) => {
    await admin.query(growTable(load.apps));
    await admin.query('VACUUM (ANALYZE) chat_sessions');
    return explain(admin);
  },
  figures: ({ pages }) => ({ 'pages read by the session lookup': pages }),
  check: ({ before, after }) =>
    after && {
      name: 'the session lookup uses the partial index',
      ok: after.index === reuseIndex && (before === undefined || before.scan.endsWith('Seq Scan')),
      detail:
        `EXPLAIN (ANALYZE, BUFFERS) among ${rowsOfPlan.toLocaleString('en')} rows: ` +
        `${before === undefined ? '' : `${before.scan}, ${before.pages.toLocaleString('en')} pages; `}after: ${after.scan} on ${after.index ?? 'no index'}, ${after.pages} pages; the index has ${after.indexKiB} KiB`,
    },
};

/** Once, whichever composition is looked at first. */
const growTable = (apps: number): string => `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM chat_sessions WHERE id = ${rowsOfPlan}) THEN
    ${insertSessions(apps, rowsUnderLoad + 1, rowsOfPlan)}
  END IF;
END $$`;

async function explain(admin: Session): Promise<Lookup> {
  const sql = statements.FindActiveSession.replace('$1', '17').replace('$2', "'device-17'");
  const { rows } = await admin.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`,
  );
  const top = rows[0]!['QUERY PLAN'][0]!.Plan;
  const scan = scanOf(top);
  const size = await admin.query<{ kib: number | null }>(
    `SELECT (pg_relation_size(to_regclass('${reuseIndex}')) / 1024)::int AS kib`,
  );
  return {
    scan: scan['Node Type'],
    index: scan['Index Name'],
    pages: top['Shared Hit Blocks'] + top['Shared Read Blocks'],
    indexKiB: size.rows[0]!.kib ?? undefined,
  };
}

/** The node at the bottom: the one that reads. */
function scanOf(node: PlanNode): PlanNode {
  const below = node.Plans?.[0];
  return below === undefined ? node : scanOf(below);
}
