export { createSingleflight, type Singleflight, type SingleflightOptions } from './singleflight.ts';
export type { FlightContext } from './flight.ts';
export type { FlightEvent } from './events.ts';
export type { SingleflightStats } from './stats.ts';
export { FlightTimeoutError } from './errors.ts';
