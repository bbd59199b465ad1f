import type { ChartSpec } from './chart.ts';
import { callRates, eventsOf, gauges, latencies, ratesOf, spanMs } from './figures.ts';
import type { ScenarioView } from './snapshot.ts';

export type ChartContent = Pick<ChartSpec, 'title' | 'unit' | 'series' | 'markers' | 'spanMs' | 'isFilled'> & {
  id: string;
};

/** The charts of a scenario, all on one time axis. */
export function chartsOf(view: ScenarioView): ChartContent[] {
  const [span, markers] = [spanMs(view), eventsOf(view)];
  return [
    { id: 'calls', ...storyRates(view) },
    { id: 'latency', title: 'Latency of requests', unit: 'ms', series: latencies(view) },
    {
      id: 'gauges',
      title: 'Connections and lock waiters',
      unit: 'connections',
      series: gauges(view),
    },
  ].map((chart) => ({
    ...chart,
    isFilled: chart.id === 'calls',
    spanMs: span,
    markers: chart.id === 'calls' ? markers : [],
  }));
}

/** What the story is about, per second: requests that fail where it says so, else its statements. */
function storyRates(view: ScenarioView): Pick<ChartContent, 'title' | 'unit' | 'series'> {
  const { headline } = view;
  if (headline?.live === 'errors') {
    const series = ratesOf(view, ({ errors }) => errors);
    return { title: `${headline.title} per second, counted by the load process`, unit: 'failed/s', series };
  }
  return { title: 'Database calls per second, counted by Postgres', unit: 'calls/s', series: callRates(view) };
}
