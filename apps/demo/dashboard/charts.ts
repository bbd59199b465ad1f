import type { ChartSpec } from './chart.ts';
import { callRates, eventsOf, gauges, latencies, spanMs } from './figures.ts';
import type { ScenarioView } from './snapshot.ts';

export type ChartContent = Pick<ChartSpec, 'title' | 'unit' | 'series' | 'markers' | 'spanMs' | 'isFilled'> & {
  id: string;
};

/** The charts of a scenario, all on one time axis. */
export function chartsOf(view: ScenarioView): ChartContent[] {
  const [span, markers] = [spanMs(view), eventsOf(view)];
  return [
    { id: 'calls', title: 'Database calls per second, counted by Postgres', unit: 'calls/s', series: callRates(view) },
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
