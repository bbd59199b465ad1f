// The page: listens, keeps the snapshot, draws it when the tab is seen.
import { createControls } from './controls.ts';
import { byId, setText } from './dom.ts';
import { listen } from './live.ts';
import type { ScenarioView, Snapshot } from './snapshot.ts';
import { applyChange } from './state.ts';
import { createView } from './view.ts';

let snapshot: Snapshot | undefined;
let isScheduled = false;

const selected = (): string => {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const ids = snapshot?.scenarios.map(({ id }) => id) ?? [];
  return ids.includes(wanted) ? wanted : (snapshot?.running ?? ids[0] ?? '');
};
const selectedView = (): ScenarioView | undefined => snapshot?.scenarios.find(({ id }) => id === selected());

const controls = createControls(selected);
const view = createView();

function draw(): void {
  isScheduled = false;
  const scenario = selectedView();
  if (snapshot === undefined || scenario === undefined) return;
  view.draw(scenario, snapshot);
  controls.draw(scenario, snapshot);
}

/** At most once a frame, and never in a tab that nobody sees: it draws when it comes back. */
function schedule(): void {
  if (isScheduled || document.hidden) return;
  isScheduled = true;
  requestAnimationFrame(draw);
}

function showConnection(state: 'live' | 'lost'): void {
  const connection = byId('connection');
  connection.dataset['state'] = state;
  setText(connection, state === 'live' ? 'live' : 'not connected');
  const banner = byId('banner');
  banner.hidden = state === 'live';
  setText(
    banner,
    state === 'live' ? '' : 'The connection to the demo is lost. Trying again; the figures below are the last ones.',
  );
}

listen({
  snapshot: (next) => {
    // A server that was started again has another token, and perhaps another page.
    if (snapshot !== undefined && snapshot.session !== next.session) return location.reload();
    snapshot = next;
    showConnection('live');
    schedule();
  },
  changes: (changes) => {
    if (snapshot === undefined) return;
    snapshot = changes.reduce(applyChange, snapshot);
    schedule();
  },
  lost: () => showConnection('lost'),
});
addEventListener('hashchange', () => {
  schedule();
  byId('title').focus();
});
document.addEventListener('visibilitychange', schedule);
