import type { Series } from './chart.ts';
import type { PhaseView, Point, Row, ScenarioView } from './snapshot.ts';

/** A row while it is counted, and when it is done. */
export type LiveRow = Row;

export const phaseOf = (view: ScenarioView, name: string): PhaseView | undefined =>
  view.phases.find((phase) => phase.name === name);

/** The statements that the story is about; all of them where the plan names none. */
function statementsOf(view: ScenarioView): ReadonlySet<string> {
  const seen = new Set(view.phases.flatMap(({ points }) => Object.keys(points.at(-1)?.calls ?? {})));
  const planned = view.plan.rows.map(({ name }) => name).filter((name) => seen.has(name));
  return planned.length > 0 ? new Set(planned) : seen;
}

const callsAt = ({ calls }: Point, statements: ReadonlySet<string>): number =>
  Object.entries(calls).reduce((sum, [name, calls]) => sum + (statements.has(name) ? calls : 0), 0);

/** The rows as they stand: what the run concluded, else the bounds with the counts so far. */
export function rowsOf(view: ScenarioView): LiveRow[] {
  const counted = (phase: string, name: string): number | undefined => phaseOf(view, phase)?.points.at(-1)?.calls[name];
  const rows: readonly (LiveRow | ScenarioView['plan']['rows'][number])[] = view.verdict?.rows ?? view.plan.rows;
  return rows.map((row) => {
    const known = 'before' in row ? row : { before: undefined, after: undefined, reduction: undefined, ...row };
    const before = known.before ?? counted('before', row.name);
    const after = known.after ?? counted('after', row.name);
    // While one of the two is running, a share would only be a guess.
    const isCounted = before !== undefined && after !== undefined && before > 0 && isDone(view);
    return { ...known, before, after, reduction: known.reduction ?? (isCounted ? 1 - after / before : undefined) };
  });
}

const isDone = ({ phases }: ScenarioView): boolean => phases.every(({ result }) => result !== undefined);

export interface Headline {
  title: string;
  before: number | undefined;
  after: number | undefined;
  /** What `after` may be at most, if the plan says so in numbers. */
  bound: number | undefined;
  saved: number | undefined;
}

/** The row that the story names; else the calls of its statements, over all of them. */
export function headlineOf(view: ScenarioView): Headline {
  const { headline } = view;
  if (headline !== undefined) {
    const row = rowsOf(view).find(({ name }) => name === headline.row);
    const live = (name: string): number | undefined =>
      headline.live === undefined ? undefined : phaseOf(view, name)?.points.at(-1)?.[headline.live];
    const [before, after] = [row?.before ?? live('before'), row?.after ?? live('after')];
    return {
      title: headline.title,
      before,
      after,
      bound: row?.bound,
      saved: isDone(view) ? row?.reduction : undefined,
    };
  }
  const statements = statementsOf(view);
  const total = (name: string): number | undefined => {
    const last = phaseOf(view, name)?.points.at(-1);
    return last === undefined ? undefined : callsAt(last, statements);
  };
  const [before, after] = [total('before'), total('after')];
  const rows = rowsOf(view).filter(({ name }) => statements.has(name) || statements.size === 0);
  const isKnown = rows.length > 0 && view.plan.rows.length > 0;
  return {
    title: 'Database calls',
    before,
    after,
    bound: isKnown ? rows.reduce((sum, { bound }) => sum + bound, 0) : undefined,
    saved: before !== undefined && after !== undefined && before > 0 && isDone(view) ? 1 - after / before : undefined,
  };
}

/** Calls per second of the story's statements. */
export function callRates(view: ScenarioView): Series[] {
  const statements = statementsOf(view);
  return ratesOf(view, (point) => callsAt(point, statements));
}

/** Per second between two looks, of something that only grows. */
export function ratesOf({ phases }: ScenarioView, countAt: (point: Point) => number): Series[] {
  return phases.map(({ name, points }) => ({
    name,
    style: styleOf(name),
    points: points.slice(1).flatMap((point, index) => {
      const earlier = points[index]!;
      const elapsedS = (point.atMs - earlier.atMs) / 1_000;
      if (elapsedS < 0.05) return [];
      return [[point.atMs, Math.max(0, countAt(point) - countAt(earlier)) / elapsedS] as const];
    }),
  }));
}

/** Median and 99th percentile of the requests between two looks. */
export function latencies(view: ScenarioView): Series[] {
  const series = (phase: PhaseView, label: string, key: 'p50Ms' | 'p99Ms', second: boolean): Series => ({
    name: `${phase.name} ${label}`,
    style: styleOf(phase.name, second),
    points: phase.points.flatMap((point) => (point[key] === undefined ? [] : [[point.atMs, point[key]] as const])),
  });
  return view.phases.flatMap((phase) => {
    const p99 = series(phase, 'p99', 'p99Ms', false);
    return isBetween(phase) ? [p99] : [series(phase, 'p50', 'p50Ms', true), p99];
  });
}

/** The two gauges that say most: which connections wait for a lock, and which are at work. */
export function gauges(view: ScenarioView): Series[] {
  const names = ['waiting for a lock', 'busy'];
  return view.phases.flatMap(({ name, points }) =>
    (isBetween({ name }) ? names.slice(1) : names).map((gauge) => ({
      name: `${name} ${gauge}`,
      style: styleOf(name, gauge !== names[0]),
      points: points.flatMap(({ atMs, gauges }) =>
        gauges[gauge] === undefined ? [] : [[atMs, gauges[gauge]] as const],
      ),
    })),
  );
}

/** Of these only what says most is drawn: four lines can be told apart, six cannot. */
const isBetween = ({ name }: Pick<PhaseView, 'name'>): boolean => name !== 'before' && name !== 'after';

/** A phase that is neither `before` nor `after` lies between them, e.g. memory without the lease. */
function styleOf(phase: string, second = false): Series['style'] {
  const style = phase === 'before' || phase === 'after' ? phase : 'between';
  return second ? `${style}-2` : style;
}

export const eventsOf = (view: ScenarioView): { atMs: number; label: string }[] =>
  view.phases.flatMap(({ events }) => events);

/** One axis for both phases, so that they can be compared; it does not move while they run. */
export const spanMs = (view: ScenarioView): number =>
  Math.max(
    1_000,
    view.phases.length === 0 ? view.plan.loadMs / 2 : 0,
    ...view.phases.map(({ plannedMs, points, result }) =>
      result === undefined ? Math.max(plannedMs, points.at(-1)?.atMs ?? 0) : (points.at(-1)?.atMs ?? 0),
    ),
  );
