import type { Change, PhaseView, Point, Sample, ScenarioView, Snapshot } from './snapshot.ts';

/** A phase keeps at most this many points; beyond, two neighbours become one. */
export const maxPoints = 480;
const maxMessages = 20;

/** What is known after `change`. The server and the page both take this step, so they cannot differ. */
export function applyChange(snapshot: Snapshot, change: Change): Snapshot {
  switch (change.type) {
    case 'progress':
      return { ...snapshot, progress: change.text };
    case 'offered':
      return { ...snapshot, offered: change.ids };
    case 'run-started':
      return update({ ...snapshot, running: change.scenario, progress: 'starting' }, change.scenario, (view) => ({
        ...view,
        plan: change.plan,
        phases: view.plan.key === change.plan.key ? view.phases : [],
        replicas: [],
        verdict: undefined,
        failure: undefined,
        messages: [],
      }));
    case 'run-ended':
      return update(
        { ...snapshot, running: undefined, progress: '', offered: [] },
        change.scenario,
        ({ phases, ...view }) => ({
          ...view,
          // A phase that was stopped half-way is compared with nothing.
          phases: phases.filter(({ result }) => result !== undefined),
          verdict: change.verdict,
          failure: change.failure,
        }),
      );
    case 'message':
      return update(snapshot, change.scenario, (view) => ({
        ...view,
        messages: [...view.messages, change.text].slice(-maxMessages),
      }));
    case 'sample':
      return update(snapshot, change.scenario, (view) => applySample(view, change.sample));
  }
}

function applySample(view: ScenarioView, sample: Sample): ScenarioView {
  switch (sample.kind) {
    case 'phase-started': {
      const { kind: _, ...started } = sample;
      const phase: PhaseView = { ...started, points: [], events: [], result: undefined };
      return { ...view, phases: [...view.phases.filter(({ name }) => name !== sample.name), phase].sort(inOrder) };
    }
    case 'point':
      return updatePhase(view, sample.phase, (phase) => ({ ...phase, points: withPoint(phase.points, sample.point) }));
    case 'phase-ended':
      return updatePhase(view, sample.phase.name, (phase) => ({ ...phase, result: sample.phase }));
    case 'replicas':
      return { ...view, replicas: sample.replicas };
    case 'event': {
      const running = view.phases.find(({ result }) => result === undefined);
      if (running === undefined) return view;
      const event = { atMs: running.points.at(-1)?.atMs ?? 0, label: sample.label };
      return updatePhase(view, running.name, (phase) => ({ ...phase, events: [...phase.events, event] }));
    }
  }
}

/** The story goes from before to after, whichever ran first. */
const inOrder = (one: PhaseView, other: PhaseView): number => place(one) - place(other);

const place = ({ name }: PhaseView): number => (name === 'before' ? 0 : name === 'after' ? 2 : 1);

function withPoint(points: readonly Point[], point: Point): Point[] {
  const kept =
    points.length < maxPoints ? points : points.flatMap((each, at) => (at % 2 ? [merge(points[at - 1]!, each)] : []));
  return [...kept, point];
}

/** Counts are sums since the start, so the later point has both; of the latencies the worse one stays. */
function merge(one: Point, other: Point): Point {
  const worse = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
  const p50Ms = worse(one.p50Ms, other.p50Ms);
  const p99Ms = worse(one.p99Ms, other.p99Ms);
  return { ...other, ...(p50Ms === undefined ? {} : { p50Ms }), ...(p99Ms === undefined ? {} : { p99Ms }) };
}

function update(snapshot: Snapshot, id: string, change: (view: ScenarioView) => ScenarioView): Snapshot {
  return { ...snapshot, scenarios: snapshot.scenarios.map((view) => (view.id === id ? change(view) : view)) };
}

function updatePhase(view: ScenarioView, name: string, change: (phase: PhaseView) => PhaseView): ScenarioView {
  return { ...view, phases: view.phases.map((phase) => (phase.name === name ? change(phase) : phase)) };
}
