export type { LimiterState } from './backend.ts';
export type { Decision, Source } from './decision.ts';
export type { DegradedReason, RateLimitEvent } from './events.ts';
export { draft11Headers, type HeaderOptions, rateLimitHeaders } from './headers.ts';
export { ipKey } from './ip-key.ts';
export { type ConsumeOptions, createRateLimiter, type RateLimiter, type RateLimiterOptions } from './limiter.ts';
export { rateLimitProblem, type RateLimitProblem } from './problem.ts';
export type { AlgorithmName, NamedRule, Rule } from './rules.ts';
export type { RateLimitStats } from './stats.ts';
