/** A vitest reporter: ends the run with one plain line, `N passed, N failed, N skipped`. */
export default class CountReporter {
  onTestRunEnd(modules, errors) {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        counts[state === 'passed' || state === 'failed' ? state : 'skipped']++;
      }
      // A file that cannot be loaded has no tests; it has failed all the same.
      if (tests.length === 0 && module.state() === 'failed') counts.failed++;
    }
    process.on('exit', () => {
      console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    });
  }
}
