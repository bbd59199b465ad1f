import { describe, expect, it } from 'vitest';
import type { Row, ScenarioView, Snapshot } from './snapshot.ts';
import { checksHtml, navigationHtml, notesHtml, rowsHtml, sourcesHtml } from './tables.ts';

const row = (over: Partial<Row>): Row => ({
  name: 'Get',
  before: 100,
  after: 5,
  bound: 8,
  reduction: 0.95,
  source: '',
  ...over,
});

describe('a row', () => {
  it.each([
    [{}, 'holds'],
    [{ after: 9 }, 'broken'],
    [{ minReduction: 0.96 }, 'broken'],
    [{ after: 8, reduction: -0.01 }, 'holds'],
    [{ after: undefined, reduction: undefined, skipped: 'no Redis' }, 'SKIPPED (no Redis)'],
  ])('says whether it holds: %j', (over, state) => {
    expect(rowsHtml([row(over)])).toContain(`>${state}</span>`);
  });
});

it('says limits first, and what was skipped last', () => {
  expect(notesHtml(['a note', 'limit: 500 users -> 0 %'])).toBe(
    '<li><b>Limit:</b> 500 users → 0 %</li><li>a note</li>',
  );
  expect(checksHtml([{ name: 'tags', ok: true, detail: '' }], ['nginx <none>'])).toMatch(
    /tags.*SKIPPED<\/span> nginx &lt;none&gt;/,
  );
});

it('links to where the story comes from, if that is known', () => {
  expect(sourcesHtml([{ label: 'a/b#1', url: 'https://example.org/1?a=1&b=2' }])).toBe(
    'Source: <a href="https://example.org/1?a=1&amp;b=2" rel="noreferrer">a/b#1</a>',
  );
  expect(sourcesHtml([])).toBe('');
});

it('marks in the navigation what runs, and how each last run ended', () => {
  const view = (id: string, status?: 'broken'): ScenarioView =>
    ({ id, verdict: status === undefined ? undefined : { status } }) as unknown as ScenarioView;
  const snapshot = { running: 'b', scenarios: [view('a', 'broken'), view('b'), view('c')] } as unknown as Snapshot;

  expect(navigationHtml(snapshot, 'c').replaceAll(/<[^>]+>/g, '|')).toBe('|a |✗||broken|||b |…||running|||c|');
  expect(navigationHtml(snapshot, 'c')).toContain('href="#c" aria-current="page"');
});
