import type { FastifyCorsOptions } from '@fastify/cors';

export type CorsOrigin = NonNullable<FastifyCorsOptions['origin']>;

/** The operator's setting: every origin. */
const allowedOrigins = ['*'];

/** Before: an origin has to be in the list, and no browser comes from "*". */
export const literalOrigins: CorsOrigin = (origin, answer) =>
  answer(null, origin !== undefined && allowedOrigins.includes(origin));

/** After: a "*" in the list means every origin. */
export const wildcardOrigins: CorsOrigin = allowedOrigins.includes('*') ? '*' : allowedOrigins;
