/** A row as a database driver gives it. */
interface Row {
  id: number;
  createdAt: Date;
  deadline: Date;
  labels: string[];
  votes: number[];
}

function rows(count: number): Row[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    createdAt: new Date(1_760_000_000_000 + id * 977),
    deadline: new Date(1_760_600_000_000 + id * 1_031),
    labels: ['arithmetic', 'logic', `group-${id % 7}`],
    votes: Array.from({ length: 12 }, (_value, index) => (id * 31 + index * 17) % 101),
  }));
}

/** What a handler does on every request: rows into the objects of its answer. */
function build(source: readonly Row[]): unknown {
  const items = source.map(({ id, createdAt, deadline, labels, votes }) => ({
    id: `challenge-${String(id).padStart(6, '0')}`,
    question: `Does statement ${id} follow from the premises of group ${id % 7}, given that all of them hold at once?`,
    createdAt: createdAt.toISOString(),
    deadline: deadline.toISOString(),
    labels: labels.map((name) => ({ name, slug: name.toLowerCase() })),
    score: votes.reduce((sum, vote) => sum + vote, 0) / votes.length,
    votes,
    links: { self: `/v1/challenges/${id}`, answers: `/v1/challenges/${id}/answers`, author: `/v1/users/${id % 13}` },
  }));
  return { total: items.length, items };
}

const small = rows(66);
const large = rows(935);

/** About 32 KB and 458 KB of JSON: the two endpoints of the response-cache scenario. */
export const buildSmall = (): unknown => build(small);
export const buildLarge = (): unknown => build(large);
