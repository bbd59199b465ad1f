/** One admitted check: it was counted somewhere between `sentMs` and `repliedMs`, by one clock for all processes. */
export interface Admission {
  readonly sentMs: number;
  readonly repliedMs: number;
  readonly units: number;
}

/**
 * The most units that were certainly admitted within one half-open interval of `windowMs`. Rigorous, not estimated: a check
 * belongs to [a, a + windowMs) only if it was sent at or after `a` and answered before `a + windowMs`. An interval that holds
 * the most can be moved until it starts with a send, so only those starts are tried.
 */
export function worstWindow(admissions: readonly Admission[], windowMs: number): number {
  const bySend = [...admissions].sort((left, right) => left.sentMs - right.sentMs);
  let worst = 0;
  for (let first = 0; first < bySend.length; first++) {
    const endMs = bySend[first]!.sentMs + windowMs;
    let units = 0;
    for (let index = first; index < bySend.length && bySend[index]!.sentMs < endMs; index++) {
      if (bySend[index]!.repliedMs < endMs) units += bySend[index]!.units;
    }
    worst = Math.max(worst, units);
  }
  return worst;
}

/** A denial, by the same clock. */
export type Denial = Omit<Admission, 'units'>;

/**
 * How many denials came although a unit was certainly free: the other half of exactness. A check was decided somewhere between
 * its send and its reply; whatever filled the window then was sent before that reply and answered after the window's start. If
 * that is less than the limit, the denial was not due. `slackMs` allows for times that are rounded up.
 */
export function unduly(
  denials: readonly Denial[],
  admissions: readonly Admission[],
  { limit, windowMs, slackMs }: { limit: number; windowMs: number; slackMs: number },
): number {
  return denials.filter(({ sentMs, repliedMs }) => {
    let units = 0;
    for (const admission of admissions) {
      if (admission.sentMs <= repliedMs && admission.repliedMs > sentMs - windowMs - slackMs) units += admission.units;
    }
    return units < limit;
  }).length;
}
