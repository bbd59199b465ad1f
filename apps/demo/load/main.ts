// The load process. It knows only HTTP: where to send what, when, and what came back.
import { serveParent, tell } from '../src/run/child-side.ts';
import { runChats } from './chats.ts';
import { createRecorder } from './recorder.ts';

const stopped = new AbortController();

serveParent(
  {
    chats: (profile: Parameters<typeof runChats>[0]) => {
      const recorder = createRecorder((progress) => tell('progress', progress));
      return runChats(profile, recorder, stopped.signal);
    },
  },
  async () => stopped.abort(),
);
