/** What three replica processes notice of each fault while 200 publishes a second go on. BROKER=postgres or redis, ONLY=words for a part. */
import { report, type Figure } from '@corral-internal/bench-kit';
import { startPostgres, startRedis } from '@corral-internal/test-kit/servers';
import { DETECTED_MS, faults, outage, slowReader, suffer } from '../tests/faults.ts';
import { HEALED_MS } from '../tests/fleet.ts';

const { BROKER = 'postgres redis', ONLY = '' } = process.env;
const figures: Figure[] = [];
const everywhere = { ...faults, 'outage of 30 s': outage(30_000) };

for (const broker of ['postgres', 'redis'] as const) {
  if (!BROKER.includes(broker)) continue;
  const server = await (broker === 'postgres' ? startPostgres() : startRedis());
  const list = Object.entries(broker === 'redis' ? { ...everywhere, 'output buffer': slowReader } : everywhere);
  for (const [name, fault] of list) {
    if (!name.includes(ONLY)) continue;
    const { lost, unnoticed, healedMs, noticedMs, uncaught, exits } = await suffer(fault, broker, server);
    const row = (what: string, value: string, bound: string, ok: boolean): void => {
      figures.push({ name: `${broker}, ${name}: ${what}`, value, bound, ok });
      console.log(`${broker}, ${name}: ${what} ${value} (${bound}) ${ok ? 'ok' : 'NOT OK'}`);
    };
    if (noticedMs !== undefined)
      row('noticed after', `${Math.round(noticedMs)} ms`, `<= ${DETECTED_MS} ms`, noticedMs <= DETECTED_MS);
    row('lost unnoticed', `${unnoticed} of ${lost} lost`, '= 0', unnoticed === 0);
    row('equal to the source after', `${healedMs} ms`, `<= ${HEALED_MS} ms`, healedMs <= HEALED_MS);
    const died = uncaught.length + exits.length;
    row('uncaught errors, ended processes', String(died), '= 0', died === 0);
  }
  await server.close();
}

const part = BROKER === 'postgres redis' ? '' : `-${BROKER}`;
report(import.meta.url, [], { file: `FAULTS${part}.md`, figures, versions: { ioredis: '6.0.0', pg: '8.23.1' } });
