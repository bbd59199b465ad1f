import { rulesContract } from './rules.contract.ts';
import type { Subject } from './subject.contract.ts';
import { verbsContract } from './verbs.contract.ts';

/** What every limiter does, wherever it keeps its counts. */
export function limiterContract(name: string, setUp: () => Subject): void {
  rulesContract(name, setUp);
  verbsContract(name, setUp);
}
