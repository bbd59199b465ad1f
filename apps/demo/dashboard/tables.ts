import type { LiveRow } from './figures.ts';
import { count, escape, figure, prose, savedPercent } from './format.ts';
import type { Check, CodeView, ReplicaView, ScenarioView, Snapshot, Status } from './snapshot.ts';

const statusWords: Record<Status, string> = {
  reproduced: 'Reproduced: every bound and every check holds.',
  broken: 'Broken: a bound or a check does not hold.',
  invalid: 'Invalid: the load was not what it should have been. Try again on a quieter machine.',
  skipped: 'Skipped.',
};

/** Numbers stand to the right, and so do the heads of their columns. */
const head = (numbers: readonly string[], texts: readonly string[]): string => {
  const cell = (name: string, style: string): string => `<th scope="col"${style}>${name}</th>`;
  const cells = [...numbers.map((name) => cell(name, '')), ...texts.map((name) => cell(name, ' class="text"'))];
  return `<thead><tr>${cells.join('')}</tr></thead>`;
};

const marks: Record<Status, string> = { reproduced: '✓', broken: '✗', invalid: '?', skipped: '–' };

/** The scenarios by name, with a mark for how the last run of each ended. */
export function navigationHtml({ scenarios, running }: Snapshot, selected: string): string {
  const links = scenarios.map(({ id, verdict }) => {
    const [mark, words] =
      running === id ? ['…', 'running'] : verdict === undefined ? [] : [marks[verdict.status], verdict.status];
    const state = mark === undefined ? '' : ` <span aria-hidden="true">${mark}</span><span class="sr">${words}</span>`;
    return `<a href="#${escape(id)}"${id === selected ? ' aria-current="page"' : ''}>${escape(id)}${state}</a>`;
  });
  return links.join('');
}

/** Where the story comes from; nothing is asked of these places unless somebody clicks. */
export const sourcesHtml = (sources: readonly { label: string; url: string }[]): string =>
  sources.length === 0
    ? ''
    : `Source: ${sources.map(({ label, url }) => `<a href="${escape(url)}" rel="noreferrer">${escape(label)}</a>`).join(', ')}`;

/** One line a figure: before, after, the bound that was printed first, and what the source said. */
export function rowsHtml(rows: readonly LiveRow[]): string {
  const lines = rows.map(({ name, before, after, bound, reduction, minReduction, source, skipped }) => {
    const savesTooLittle = reduction !== undefined && minReduction !== undefined && reduction < minReduction;
    const isBroken = (after ?? 0) > bound || savesTooLittle;
    const wanted =
      minReduction === undefined ? '' : ` <span class="quiet">≥ ${Math.round(minReduction * 100)} %</span>`;
    const held = isBroken ? '<span class="bad">broken</span>' : '<span class="good">holds</span>';
    const notRun = skipped === undefined ? '' : `<span class="skipped">SKIPPED (${escape(skipped)})</span>`;
    const state = after === undefined ? notRun : held;
    return (
      `<tr><th scope="row">${escape(name)}</th><td>${count(before)}</td><td>${count(after)}</td><td>${count(bound)}</td>` +
      `<td>${savedPercent(reduction)}${reduction === undefined ? '' : wanted}</td><td class="text">${state}</td><td class="text quiet">${prose(source)}</td></tr>`
    );
  });
  return `${head(['figure', 'before', 'after', 'bound', 'saved'], ['state', 'the source'])}<tbody>${lines.join('')}</tbody>`;
}

/** What each replica holds of the hot key now. */
export function replicasHtml(replicas: readonly ReplicaView[]): string {
  const lines = replicas.map(({ index, pid, state, seen, ageMs, hits, loads }) => {
    const isUp = state === 'up';
    return (
      `<tr class="${state}"><th scope="row">${index + 1} <span class="quiet">pid ${pid}</span></th><td>${ageMs === undefined ? '–' : `${figure(ageMs / 1_000)} s`}</td><td>${count(hits)}</td><td>${count(loads)}</td>` +
      `<td class="text">${escape(seen ?? '–')}</td><td class="text">${isUp ? 'up' : '<span class="bad">killed, restarting</span>'}</td></tr>`
    );
  });
  return `${head(['replica', 'age', 'hits', 'loads'], ['value seen', 'state'])}<tbody>${lines.join('')}</tbody>`;
}

/** What was tried and held or did not, and what could not be tried here. */
export const checksHtml = (checks: readonly Check[], skipped: readonly string[]): string =>
  [
    ...checks.map(
      ({ name, ok, detail }) =>
        `<li><span class="${ok ? 'good' : 'bad'}">${ok ? 'holds' : 'broken'}</span> <b>${escape(name)}</b> <span class="quiet">${escape(detail)}</span></li>`,
    ),
    ...skipped.map((what) => `<li><span class="skipped">SKIPPED</span> ${escape(what)}</li>`),
  ].join('');

/** Where it does not help comes first: a reader should not have to look for it. */
export const notesHtml = (notes: readonly string[]): string =>
  notes
    .toSorted((one, other) => Number(isLimit(other)) - Number(isLimit(one)))
    .map((note) =>
      isLimit(note) ? `<li><b>Limit:</b> ${prose(note.replace('limit: ', ''))}</li>` : `<li>${prose(note)}</li>`,
    )
    .join('');

const isLimit = (note: string): boolean => note.startsWith('limit: ');

export const codeHtml = ({ before, after }: { before: CodeView; after: CodeView }): string =>
  [['before', before] as const, ['after', after] as const]
    .map(
      ([name, { file, text }]) =>
        `<figure class="code"><figcaption>${name} <span class="quiet">${escape(file)}</span></figcaption><pre tabindex="0" aria-label="Code ${name}"><code>${escape(text)}</code></pre></figure>`,
    )
    .join('');

/** The verdict, and why there is none; nothing before the first run. */
export function verdictOf({ verdict, failure = '', phases }: ScenarioView): string {
  if (verdict === undefined) return failure;
  const reasons = phases.flatMap(({ name, result }) =>
    result === undefined || result.validity.ok ? [] : [`${name}: ${result.validity.detail}.`],
  );
  const skipped = verdict.skipped.length === 0 ? [] : [`Skipped here: ${verdict.skipped.join('; ')}`];
  return [statusWords[verdict.status], ...reasons, ...skipped].join(' ');
}

/** Who counted, and whether the load was what it should have been. */
export function honestyOf({ phases, verdict }: ScenarioView): string {
  if (phases.length === 0) return 'Nothing has run yet. Postgres counts; the app counts too, and the two must agree.';
  const parts = phases.map(({ name, points, offered, result }) => {
    const { done = 0, driverLagMs = 0, errors = 0, retried = 0 } = points.at(-1) ?? {};
    const rate = result === undefined ? done / offered : result.validity.achievedRate;
    const achieved =
      result === undefined
        ? `${Math.floor(rate * 100)} % of the load so far`
        : `${figure(rate * 100)} % of the load achieved`;
    const trouble = [errors > 0 && `${errors} failed`, retried > 0 && `${retried} asked a second replica`].filter(
      Boolean,
    );
    return [`${name}: ${achieved}`, `load process late by ${figure(driverLagMs)} ms (p99)`, ...trouble].join(', ');
  });
  const countedBy = verdict?.countedBy ?? phases[0]!.countedBy;
  return `Counted by ${countedBy}. ${parts.join('. ')}.`;
}
