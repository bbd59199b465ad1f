export {
  compare,
  measurementsOf,
  median,
  mediansOf,
  shuffled,
  type Comparison,
  type CompareOptions,
  type Contender,
  type Measurement,
} from './compare.ts';
export { machineLine } from './machine.ts';
export { report, type Figure, type ReportOptions } from './report.ts';
