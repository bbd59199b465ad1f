import { Client } from 'undici';
import { openLoop, type Schedule } from './open-loop.ts';
import type { LoadReport, Recorder } from './recorder.ts';

export interface AgentsProfile {
  ports: number[];
  agents: number;
  /** Each agent calls its four APIs together, this often, milliseconds. */
  everyMs: number;
  durationMs: number;
}

interface Call {
  path: string;
  body: string;
}

/** What an agent sends: the same in both phases. */
const calls: Call[] = [
  { path: '/agents/metadata', body: { cpu: '12 %', memory: '1.2 GiB', disk: '40 %', load: '0.7', uptime: '3 h' } },
  { path: '/agents/app-health', body: { editor: 'healthy', terminal: 'healthy' } },
  { path: '/agents/stats', body: { sessions: 1, rxBytes: 1_024, txBytes: 2_048 } },
  { path: '/agents/connections', body: { connection: 'ssh' } },
].map(({ path, body }) => ({ path, body: JSON.stringify(body) }));

/** An agent's four calls are due at the same moment; the agents are spread evenly over the period. */
export function agentSchedule({ agents, everyMs, durationMs }: Omit<AgentsProfile, 'ports'>): Schedule {
  return {
    count: Math.floor(durationMs / everyMs) * agents * calls.length,
    dueMs: (index) => Math.floor(index / calls.length) * (everyMs / agents),
  };
}

/** All agents connect, one connection each, and then call in an open loop: 1,000 agents every second are 4,000 calls a second. */
export async function runAgents(
  profile: AgentsProfile,
  record: () => Recorder,
  stop: AbortSignal,
): Promise<LoadReport> {
  const agents = Array.from({ length: profile.agents }, (_, index) => createAgent(index, profile.ports));
  try {
    for (const agent of agents) await agent.connect(); // one after the other: a connect storm is another story
    const recorder = record();
    const send = (index: number, signal: AbortSignal): Promise<void> => {
      const agent = agents[Math.floor(index / calls.length) % agents.length]!;
      return agent.call(calls[index % calls.length]!, signal, recorder);
    };
    return await openLoop({ schedule: agentSchedule(profile), send }, recorder, stop);
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
  }
}

interface Agent {
  connect(): Promise<Client>;
  call(call: Call, signal: AbortSignal, recorder: Recorder): Promise<void>;
  close(): Promise<void>;
}

/** Holds one keep-alive connection, over which its calls run side by side; finds another replica when it breaks. */
function createAgent(index: number, ports: readonly number[]): Agent {
  let replica = index;
  let connection: Promise<Client> | undefined;

  const open = async (): Promise<Client> => {
    const client = new Client(`http://127.0.0.1:${ports[replica % ports.length]}`, { pipelining: calls.length });
    const headers = { authorization: `Bearer token-${index + 1}` };
    try {
      const { statusCode, body } = await client.request({ method: 'POST', path: '/agents/connect', headers });
      const answer = await body.text();
      if (statusCode !== 200) throw new RefusedCall(`connect: ${statusCode} ${answer}`);
      return client;
    } catch (error) {
      await client.destroy();
      throw error;
    }
  };
  /** A replica that is gone, or going, is not the end: the next one is asked. */
  const openSomewhere = async (): Promise<Client> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await open();
      } catch (error) {
        if (error instanceof RefusedCall || attempt > ports.length) throw error;
        replica++;
      }
    }
  };
  const connect = (): Promise<Client> => (connection ??= openSomewhere());

  return {
    connect,
    call: async (call, signal, recorder) => {
      for (let attempt = 1; ; attempt++) {
        const current = connect();
        try {
          return await post(await current, call, signal);
        } catch (error) {
          if (error instanceof RefusedCall || attempt > ports.length || signal.aborted) throw error;
          recorder.tally('retried');
          // Whoever notices first moves the agent on; its other calls follow.
          if (connection !== current) continue;
          connection = undefined;
          replica++;
          recorder.tally('reconnects');
          void current.then((client) => client.destroy()).catch(() => {});
        }
      }
    },
    close: async () => {
      await (await connection?.catch(() => undefined))?.destroy();
    },
  };
}

/** The replica has answered, and not with 200: another one would say the same. */
class RefusedCall extends Error {
  override readonly name = 'RefusedCall';
}

async function post(client: Client, { path, body }: Call, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  // These two let undici send a call while others are under way; a repeat changes nothing here.
  const sideBySide = { idempotent: true, blocking: false };
  const answer = await client.request({ method: 'POST', path, headers, body, signal, ...sideBySide });
  const text = await answer.body.text();
  if (answer.statusCode === 401) throw new Error(`${path}: this connection was never set up`);
  if (answer.statusCode !== 200) throw new RefusedCall(`${path}: ${answer.statusCode} ${text}`);
}
