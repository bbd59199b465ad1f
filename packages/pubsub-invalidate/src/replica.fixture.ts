import { afterEach } from 'vitest';
import { createBus, type Bus } from './bus.ts';
import type { BusEvent } from './events.ts';
import { createInvalidator, type Invalidator } from './invalidator.ts';
import { kind, type Kind } from './kind.ts';
import { memoryTransport, type MemoryFaults, type MemoryHub } from './memory.ts';
import type { BusOptions } from './settings.ts';

export type Kinds = { providers: Kind<void>; userPrompt: Kind<{ userId: string }> };
export const kinds: Kinds = { providers: kind<void>(), userPrompt: kind<{ userId: string }>() };

export interface Replica {
  readonly bus: Bus;
  readonly topic: Invalidator<Kinds>;
  readonly cache: Map<string, string>;
  readonly events: BusEvent[];
}

const buses: Bus[] = [];
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close({ drainMs: 50 })));
});

export function replica(hub: MemoryHub, faults: MemoryFaults = {}, options: Partial<BusOptions> = {}): Replica {
  const events: BusEvent[] = [];
  const bus = createBus({
    transport: memoryTransport({ hub, faults }),
    namespace: 'chat',
    heartbeatMs: 40,
    pingMs: 40,
    pingTimeoutMs: 80,
    onEvent: (event) => events.push(event),
    ...options,
  });
  buses.push(bus);
  const topic = createInvalidator({ bus, topic: 'config_change', kinds });
  const cache = new Map<string, string>();
  topic.bind(cache, { keys: { providers: () => ['providers'], userPrompt: ({ userId }) => [`prompt:${userId}`] } });
  return { bus, topic, cache, events };
}

export async function started(
  hub: MemoryHub,
  faults: MemoryFaults = {},
  options: Partial<BusOptions> = {},
): Promise<Replica> {
  const made = replica(hub, faults, options);
  await made.bus.start();
  made.cache.set('providers', 'old').set('prompt:1', 'old').set('prompt:2', 'old');
  return made;
}
