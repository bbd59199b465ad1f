// The load process. It knows only HTTP: where to send what, when, and what came back.
import { setPriority } from 'node:os';
import { serveParent, tell } from '../src/run/child-side.ts';
import { runAgents } from './agents.ts';
import { runCallers } from './callers.ts';
import { runChats } from './chats.ts';
import { runFlood } from './flood.ts';
import { runPollers } from './pollers.ts';
import { runSessions } from './sessions.ts';
import { createRecorder, type Recorder } from './recorder.ts';

// A driver that waits for a processor measures itself. Without the right to go first it stays as it is, and its lag says so.
try {
  setPriority(-10);
} catch {
  // not root
}

const stopped = new AbortController();
const record = (): Recorder => createRecorder((progress) => tell('progress', progress));

serveParent(
  {
    chats: (profile: Parameters<typeof runChats>[0]) => runChats(profile, record(), stopped.signal),
    callers: (profile: Parameters<typeof runCallers>[0]) => runCallers(profile, record, stopped.signal),
    pollers: (profile: Parameters<typeof runPollers>[0]) => runPollers(profile, record, stopped.signal),
    agents: (profile: Parameters<typeof runAgents>[0]) => runAgents(profile, record, stopped.signal),
    flood: (profile: Parameters<typeof runFlood>[0]) => runFlood(profile, record, stopped.signal),
    /** Nobody waits longer for answers that come too late to count. */
    stop: () => stopped.abort(new Error('the load took too long')),
    sessions: (profile: Parameters<typeof runSessions>[0]) => runSessions(profile, record, stopped.signal),
  },
  async () => stopped.abort(),
);
