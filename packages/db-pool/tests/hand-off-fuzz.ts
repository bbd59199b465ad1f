import { seededRandom } from '@corral-internal/test-kit';
import type { Client, ClientConfig } from 'pg';
import { createPool, type Connection, type Pool } from '../src/index.ts';
import { MemorySocket } from './memory-server.ts';

/** Enough to keep a queue, few enough to keep it moving. */
const MAX_PENDING = 24;

export interface FuzzResult {
  steps: number;
  granted: number;
  aborted: number;
  timedOut: number;
  killed: number;
}

/**
 * Random steps of acquire, abort, time-out, release and kill on one pool. Throws at the first step after which a connection
 * is granted twice, counted wrong, or lost for good.
 */
export async function fuzzHandOff(options: {
  seed: number;
  steps: number;
  size: number;
  overflow: number;
}): Promise<FuzzResult> {
  const { seed, steps, size, overflow } = options;
  const random = seededRandom(seed);
  const sockets = new Set<MemorySocket>();
  let pid = 0;
  const stream = (): MemorySocket => {
    const socket = new MemorySocket((pid += 1));
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const connection = { stream, host: 'memory', password: '' } as unknown as ClientConfig;
  const pool = createPool({
    connection,
    size,
    overflow,
    overflowAfterMs: 1,
    acquireTimeoutMs: 60_000,
    backoff: { minMs: 1, maxMs: 1 },
  });
  const result: FuzzResult = { steps, granted: 0, aborted: 0, timedOut: 0, killed: 0 };
  const held: Connection[] = [];
  const waiting = new Set<AbortController>();
  const pending = new Set<Promise<void>>();

  const acquire = (timeoutMs: number): void => {
    if (pending.size >= MAX_PENDING) return;
    const controller = new AbortController();
    waiting.add(controller);
    const call = pool.acquire({ signal: controller.signal, timeoutMs }).then(
      (lease) => {
        result.granted += 1;
        const twin = held.find((other) => other.client === lease.client);
        if (twin) throw new Error(`step of seed ${seed}: connection ${lease.processId} was granted twice`);
        held.push(lease);
      },
      (error: { code?: string; name?: string }) => {
        if (error.code === 'ERR_POOL_ACQUIRE_TIMEOUT') result.timedOut += 1;
        else if (error.name === 'AbortError') result.aborted += 1;
        else throw error;
      },
    );
    const settled = call.finally(() => {
      waiting.delete(controller);
      pending.delete(settled);
    });
    pending.add(settled);
  };

  const actions: (() => void | Promise<void>)[] = [
    () => acquire(60_000),
    () => acquire(60_000),
    () => acquire(random.int(2)),
    () => held.splice(random.int(Math.max(1, held.length)), 1)[0]?.release(),
    () => held.splice(random.int(Math.max(1, held.length)), 1)[0]?.release(),
    () => held.splice(random.int(Math.max(1, held.length)), 1)[0]?.release(random.int(32) === 0),
    () => (waiting.size > 0 && random.int(2) === 0 ? random.pick([...waiting].slice(0, 8)).abort() : undefined),
    // A statement left running when its connection is given back.
    () => {
      if (random.int(4) === 0) held[0]?.query('select 1').catch(() => undefined);
    },
    () => {
      if (sockets.size === 0 || random.int(16) > 0) return;
      result.killed += 1;
      random.pick([...sockets]).destroy();
    },
    () => new Promise<void>((resolve) => setImmediate(resolve)),
  ];

  for (let step = 0; step < steps; step += 1) {
    await actions[random.int(actions.length)]!();
    check(pool, held, size + overflow, `seed ${seed}, step ${step}`);
    const alive = held.filter(
      (lease) => !(lease.client as Client & { connection: { stream: MemorySocket } }).connection.stream.destroyed,
    );
    if (alive.length > size + overflow) throw new Error(`seed ${seed}: ${alive.length} lent of ${size + overflow}`);
  }
  while (pending.size > 0) {
    for (const lease of held.splice(0)) lease.release();
    await Promise.race([...pending, new Promise((resolve) => setImmediate(resolve))]);
  }
  for (const lease of held.splice(0)) lease.release();

  // Nothing was lost on the way: all places can be filled at once.
  const all = await Promise.all(Array.from({ length: size + overflow }, () => pool.acquire({ timeoutMs: 10_000 })));
  if (new Set(all.map((lease) => lease.client)).size !== size + overflow)
    throw new Error(`seed ${seed}: a connection was granted twice`);
  for (const lease of all) lease.release();
  const { forced } = await pool.close();
  // A socket is closed a tick before it says so.
  const left = [...sockets].filter((socket) => !socket.closed).length;
  if (forced > 0 || left > 0) throw new Error(`seed ${seed}: ${forced} forced, ${left} sockets left`);
  return result;
}

function check(pool: Pool, held: readonly Connection[], capacity: number, at: string): void {
  const { open, idle, busy, created, destroyed, acquired, released, waiting } = pool.stats();
  if (open !== idle + busy || open !== created - destroyed)
    throw new Error(`${at}: ${open} open, ${idle} idle, ${busy} busy, ${created - destroyed} alive`);
  if (open > capacity) throw new Error(`${at}: ${open} open, capacity ${capacity}`);
  if (acquired - released < held.length)
    throw new Error(`${at}: ${acquired} acquired, ${released} released, ${held.length} in hand`);
  if (waiting > 0 && idle > 0 && open === capacity && busy === 0)
    throw new Error(`${at}: ${waiting} wait while ${idle} are idle`);
}
