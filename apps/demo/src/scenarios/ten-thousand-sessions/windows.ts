import type { Answer } from '../../../load/flood.ts';

/**
 * The most requests that were surely admitted within one half-open window. When a request was decided is known only to
 * lie between sending and answering, so those count whose whole time lies within the window: never too many.
 */
export function worstWindow(answers: readonly Answer[], windowMs: number): number {
  const admitted = answers.filter((answer) => answer.admitted).sort((a, b) => a.sentMs - b.sentMs);
  const within = (fromMs: number): number =>
    admitted.filter(({ sentMs, answeredMs }) => sentMs >= fromMs && answeredMs < fromMs + windowMs).length;
  return admitted.reduce((most, { sentMs }) => Math.max(most, within(sentMs)), 0);
}

/** How many were sent and how many admitted from one moment to another. */
export function countBetween(
  answers: readonly Answer[],
  fromMs: number,
  toMs: number,
): { sent: number; admitted: number } {
  const sent = answers.filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs);
  return { sent: sent.length, admitted: sent.filter(({ admitted }) => admitted).length };
}

/** Requests that waited longer than `ms` for their answer. */
export const slowerThan = (answers: readonly Answer[], ms: number): number =>
  answers.filter(({ sentMs, answeredMs }) => answeredMs - sentMs > ms).length;
