import { expect, it } from 'vitest';
import { createStatements, named, nameOf } from './statements.ts';

it('gives each statement its name as a comment, and counts it', async () => {
  const sent: unknown[][] = [];
  const pool = {
    query: async (...args: unknown[]) => {
      sent.push(args);
      return { rows: [{ n: 1 }] };
    },
  };
  const statements = createStatements(pool, { GetOne: 'SELECT 1 AS n', Never: 'SELECT 0' });

  expect(await statements.run('GetOne', [7])).toEqual([{ n: 1 }]);

  expect(sent).toEqual([['SELECT /* GetOne */ 1 AS n', [7]]]);
  expect(statements.counts()).toEqual({ GetOne: 1 });
});

it('reads the name back from the text that Postgres keeps', () => {
  expect(nameOf(named('GetOne', 'SELECT $1'))).toBe('GetOne');
  expect(nameOf('SELECT 1')).toBeUndefined();
});
