import { describe, expect, it } from 'vitest';
import { defaultOptions } from '../scenarios/scenario.ts';
import {
  createStubScenario,
  endedPhase,
  playPhase,
  stubResult,
  type HeldRun,
} from '../../tests/support/stub-scenario.ts';
import { describeRun } from '../run/describe-run.ts';
import { createRecording } from './recording.ts';
import { renderReport } from './report.ts';

function report(change: Partial<ReturnType<typeof stubResult>> = {}): string {
  const { scenario } = createStubScenario();
  const recording = createRecording([scenario], defaultOptions);
  const reporter = recording.reporterOf(scenario, { progress: () => {} });
  playPhase({ reporter } as unknown as HeldRun, 'before', 1_000);
  playPhase({ reporter } as unknown as HeldRun, 'after', 7);
  const result = stubResult('stub', [endedPhase('before', 1_000), endedPhase('after', 7)]);
  return renderReport(describeRun(1, { postgres: '18.0' }, [{ ...result, ...change }]), recording.views());
}

describe('report', () => {
  it('stands alone: no script, no request, charts within', () => {
    const html = report();

    expect(html).not.toMatch(/<script|<link|src=|url\(|@import|https?:/);
    expect(html.match(/<svg viewBox="[\d ]+" role="img"/g)).toHaveLength(3);
  });

  it('says the figures beside bound and source, and the limits', () => {
    const html = report();

    expect(html).toContain('<th scope="row">GetThing</th><td>1,000</td><td>7</td><td>10</td>');
    expect(html).toContain('1,000 → ~10 (measured)');
    expect(html).toContain('With a key for each caller nothing is saved.');
    expect(html).toContain('postgres 18.0');
  });

  it('says what is broken', () => {
    const html = report({
      status: 'broken',
      checks: [{ name: 'guard', ok: false, detail: 'the old <value> returned' }],
    });

    expect(html).toContain('class="status broken"');
    expect(html).toContain('<span class="bad">broken</span> <b>guard</b>');
    expect(html).toContain('the old &lt;value&gt; returned');
  });
});
