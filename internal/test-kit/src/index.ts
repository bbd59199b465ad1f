export { fakeClock, type FakeClock } from './clock.ts';
export { gate, type Gate } from './gate.ts';
export { seededRandom, zipf, type SeededRandom } from './random.ts';
export { until } from './until.ts';
