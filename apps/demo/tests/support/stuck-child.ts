// A child that talks all the time, and whose `close` waits for something that never comes.
import { serveParent, tell } from '../../src/run/child-side.ts';

serveParent({}, () => new Promise(() => {}), 100);
setInterval(() => tell('still here', 'x'.repeat(10_000)), 1);
