import { describe, expect, it } from 'vitest';
import { createRateLimiter, type Decision, rateLimitHeaders, rateLimitProblem } from './index.ts';

const { rules } = createRateLimiter({
  rules: [
    { name: 'minute', limit: 100, windowMs: 60_000 },
    { name: 'tick', limit: 5, windowMs: 1_500 },
  ],
});
const allowed: Decision = {
  allowed: true,
  limit: 100,
  remaining: 42,
  resetMs: 16_001,
  retryAfterMs: 0,
  rule: 'minute',
  source: 'redis',
};
const denied: Decision = { ...allowed, allowed: false, remaining: 0, retryAfterMs: 16_001 };

describe('rateLimitHeaders', () => {
  it('writes the two fields of draft-11', () => {
    expect(rateLimitHeaders(allowed, rules)).toEqual({
      'ratelimit-policy': '"minute";q=100;w=60, "tick";q=5;w=2',
      ratelimit: '"minute";r=42;t=17',
    });
  });

  it('adds jitter to Retry-After upwards only', () => {
    expect(rateLimitHeaders(denied, rules, { random: () => 0 })['retry-after']).toBe('17');
    expect(rateLimitHeaders(denied, rules, { random: () => 0.999 })['retry-after']).toBe('22');
    expect(rateLimitHeaders(denied, rules, { jitterMs: 0, random: () => 1 })['retry-after']).toBe('17');
    expect(rateLimitHeaders({ ...denied, resetMs: 1, retryAfterMs: 1 }, rules, { jitterMs: 0 })['retry-after']).toBe(
      '1',
    );
  });

  it('never says to retry before the effective window ends', () => {
    const decision = { ...denied, resetMs: 30_000, retryAfterMs: 10_000 };
    expect(rateLimitHeaders(decision, rules, { jitterMs: 0 })['retry-after']).toBe('30');
  });

  it('gives no Retry-After where waiting does not help', () => {
    const headers = rateLimitHeaders({ ...denied, retryAfterMs: Infinity }, rules);
    expect(headers).not.toHaveProperty('retry-after');
    expect(JSON.stringify(headers)).not.toMatch(/Infinity|NaN/);
  });

  it('writes the legacy fields on request', () => {
    expect(rateLimitHeaders(allowed, rules, { style: 'legacy' })).toEqual({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '42',
      'x-ratelimit-reset': '17',
    });
    expect(Object.keys(rateLimitHeaders(denied, rules, { style: 'both' }))).toHaveLength(6);
    expect(rateLimitHeaders(allowed, rules, { style: false })).toEqual({});
    const epoch = Number(
      rateLimitHeaders(allowed, rules, { style: 'legacy', legacyReset: 'epoch' })['x-ratelimit-reset'],
    );
    expect(epoch).toBeGreaterThan(1_700_000_000);
  });

  it('takes another serializer', () => {
    const serialize = (decision: Decision) => ({ ratelimit: `a=${decision.remaining}` });
    expect(rateLimitHeaders(allowed, rules, { serialize })).toEqual({ ratelimit: 'a=42' });
  });
});

describe('rateLimitProblem', () => {
  it('names the violated policy', () => {
    expect(rateLimitProblem(denied)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Request quota exceeded',
      status: 429,
      detail: 'Try again in 17 s.',
      'violated-policies': ['minute'],
    });
  });

  it('tells a closed limiter from a used-up quota', () => {
    expect(rateLimitProblem({ ...denied, source: 'closed' })).toMatchObject({
      status: 503,
      type: expect.stringContaining('temporary-reduced-capacity'),
    });
  });
});
