import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files of the demo that take half a minute each. What starts last decides when all is done. Not those of the packages that
 * break servers: at the same time they would take the processor from each other while their deadlines run.
 */
const long = ['apps/demo/tests/cli.integration.test.ts', 'apps/demo/tests/cli-refusals.integration.test.ts'];

/** Starts the long files first; the others in the usual order. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
