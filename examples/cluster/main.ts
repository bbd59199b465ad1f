// Two processes, each with a cache of its own. A write in one is seen by the other at once, not after a TTL; and if a
// message gets lost, the bus notices and both start anew.
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { runReplica, type Question } from './replica.ts';

async function ask(worker: Worker, question: Question): Promise<string> {
  worker.send(question);
  const [answer] = (await once(worker, 'message')) as [string];
  return answer;
}

async function show(): Promise<void> {
  const workers = [cluster.fork(), cluster.fork()];
  const [first, second] = workers as [Worker, Worker];
  await Promise.all(workers.map((worker) => once(worker, 'message'))); // live: the server acknowledged the subscription

  await ask(first, { write: ['7', 'Ada'] });
  console.log('first reads ', await ask(first, { read: '7' }));
  console.log('second reads', await ask(second, { read: '7' }));
  await ask(first, { write: ['7', 'Bo'] });
  const writtenMs = performance.now();
  while (!(await ask(second, { read: '7' })).startsWith('Bo')) if (performance.now() > writtenMs + 5_000) break;
  console.log('second reads', await ask(second, { read: '7' }), 'where the TTL is 10 minutes');
  for (const worker of workers) worker.send('close');
}

await (cluster.isPrimary ? show() : runReplica());
