import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files that take half a minute each, because they wait for faults and loads. What starts last decides when all is done. */
const long = [
  'packages/pubsub-invalidate/tests/faults-redis.integration.test.ts',
  'packages/pubsub-invalidate/tests/faults-postgres.integration.test.ts',
  'packages/pubsub-invalidate/tests/contract.integration.test.ts',
  'packages/rate-limit/tests/faults.integration.test.ts',
  'apps/demo/tests/cli.integration.test.ts',
  'apps/demo/tests/cli-refusals.integration.test.ts',
];

/** Starts the long files first; the others in the usual order. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
