import type { Check, Phase } from '../../run/result.ts';

type Polled = Pick<Phase, 'name' | 'requests' | 'errors' | 'latencyMs' | 'tallies'>;

export const timedOut = ({ tallies = {} }: Pick<Polled, 'tallies'>): number => tallies['timeouts'] ?? 0;

/** Of all attempts, 0..1. */
export function timeoutShare({ tallies = {} }: Pick<Polled, 'tallies'>): number {
  const { attempts = 0, timeouts = 0 } = tallies;
  return attempts === 0 ? 0 : timeouts / attempts;
}

/** A stall is a stall, and not the end: a queue that never recovers, or that nobody notices, is another story. */
const leastTimeouts = 0.05;
const mostTimeouts = 0.4;
/** The source's mean was 22 times its median. */
const leastMeanOverMedian = 5;

/** Whether `before` looks as the source did: most answers are quick, a stall makes some clients give up. */
export function checkShape(phase: Polled): Check {
  const { p50, mean, p99, max } = phase.latencyMs;
  const share = timeoutShare(phase);
  return {
    name: 'the shape of the source, before',
    ok: share >= leastTimeouts && share <= mostTimeouts && mean >= leastMeanOverMedian * p50,
    detail: `${percent(share)} of the attempts timed out (source 15-20 %); median ${p50.toFixed(0)}, mean ${mean.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms: the mean is ${(mean / p50).toFixed(0)} x the median (source 22 x)`,
  };
}

/** What the clients see after: nobody gives up, and who asks again is told that nothing has changed. */
export function checkPolls(phase: Polled): Check[] {
  const { tallies = {}, latencyMs, requests, errors } = phase;
  const { p50, mean, p99, max } = latencyMs;
  const share = (kind: string): number =>
    (tallies[`${kind} not modified`] ?? 0) / Math.max(1, tallies[`${kind} conditional`] ?? 0);
  const [challenges, leaderboard] = [share('challenges'), share('leaderboard')];
  return [
    {
      name: 'nobody gives up, after',
      ok: errors === 0 && timedOut(phase) === 0,
      detail: `${requests} requests, ${errors} failed, ${timedOut(phase)} timed out; median ${p50.toFixed(1)}, mean ${mean.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(0)} ms`,
    },
    {
      name: 'who asks again gets a 304',
      ok: challenges >= 0.95,
      detail: `${percent(challenges)} of repeat polls of the challenges, ${percent(leaderboard)} of the leaderboard's (both change once)`,
    },
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
