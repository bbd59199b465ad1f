import { expect, it } from 'vitest';
import type { Stage } from '../run/stage.ts';
import { createStageSupply } from './serve-command.ts';

const stage = { close: async () => {} } as Stage;

it('opens a stage anew after one that failed: what was missing may be there by now', async () => {
  let opened = 0;
  const supply = createStageSupply(async () => {
    if (++opened === 1) throw new Error('No Postgres');
    return stage;
  });

  await expect(supply.take()).rejects.toThrow('No Postgres');

  await expect(supply.take()).resolves.toMatchObject({});
  expect(opened).toBe(2);
});

it('keeps the next stage ready while none is in use, and closes it in the end', async () => {
  let open = 0;
  const supply = createStageSupply(async () => {
    open++;
    return { ...stage, close: async () => void open-- };
  });

  const taken = await supply.take();
  expect(open).toBe(1);
  await taken.close();
  expect(open).toBe(1);
  await supply.close();

  expect(open).toBe(0);
});
