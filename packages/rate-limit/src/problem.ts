import type { Decision } from './decision.ts';

/** A problem document (RFC 9457), to be sent as `application/problem+json`. */
export interface RateLimitProblem {
  type: string;
  title: string;
  status: number;
  detail: string;
  'violated-policies'?: string[];
}

const REGISTRY = 'https://iana.org/assignments/http-problem-types';

/**
 * The body of a denial: 429 `quota-exceeded` with the rule that was hit, or 503 `temporary-reduced-capacity` where
 * `onUnavailable: 'closed'` denies everybody.
 * @see draft-ietf-httpapi-ratelimit-headers-11, problem types; RFC 9457
 */
export function rateLimitProblem(decision: Decision): RateLimitProblem {
  if (decision.source === 'closed') {
    return {
      type: `${REGISTRY}#temporary-reduced-capacity`,
      title: 'Service temporarily at reduced capacity',
      status: 503,
      detail: 'Requests cannot be admitted at the moment.',
    };
  }
  const when = Number.isFinite(decision.retryAfterMs)
    ? `Try again in ${Math.ceil(decision.retryAfterMs / 1000)} s.`
    : 'This request costs more than the whole quota.';
  return {
    type: `${REGISTRY}#quota-exceeded`,
    title: 'Request quota exceeded',
    status: 429,
    detail: when,
    'violated-policies': [decision.rule],
  };
}
