import { until } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createMemoryHub, memoryTransport, type MemoryFaults } from './memory.ts';
import { transportContract } from './transport.contract.ts';

const never = new AbortController().signal;

transportContract(
  'memory',
  async () => {
    const hub = createMemoryHub();
    return { make: () => memoryTransport({ hub }) };
  },
  (condition) => until(condition),
);

async function received(faults: MemoryFaults, data: string[]): Promise<string[]> {
  const hub = createMemoryHub();
  const got: string[] = [];
  const listener = memoryTransport({ hub });
  const session = await listener.connect(
    { message: (_, one) => got.push(one), closed: () => {}, trimmed: () => {} },
    never,
  );
  await session.subscribe(['c']);
  await memoryTransport({ hub, faults }).publish(
    data.map((one) => ({ channel: 'c', data: one })),
    never,
  );
  await listener.publish([{ channel: 'c', data: 'end' }], never);
  await until(() => got.includes('end'));
  return got;
}

describe('the fault plan', () => {
  it('loses what it is told to lose', async () => {
    expect(await received({ drop: ({ data }) => data === 'b' }, ['a', 'b', 'c'])).toEqual(['a', 'c', 'end']);
  });

  it('doubles', async () => {
    expect(await received({ duplicate: true }, ['a'])).toEqual(['a', 'a', 'end']);
  });

  it('lets the next one overtake', async () => {
    expect(await received({ reorder: ({ data }) => data === 'a' }, ['a', 'b'])).toEqual(['b', 'a', 'end']);
  });

  it('hangs in a partition, pings too', async () => {
    const transport = memoryTransport({ faults: { partitioned: () => true } });
    await expect(transport.publish([{ channel: 'c', data: '' }], AbortSignal.timeout(5))).rejects.toThrow(/timeout/);
  });

  it('refuses a hub that is none', () => {
    expect(() => memoryTransport({ hub: {} as never })).toThrow(/^hub: expected a hub made by createMemoryHub/);
  });
});
