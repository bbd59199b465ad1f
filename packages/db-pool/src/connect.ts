import { Client, type PgClient } from './driver.ts';
import type { Settings } from './options.ts';
import { Session, type Home } from './session.ts';
import { after } from './timer.ts';

/** One attempt to connect. */
export interface Attempt {
  readonly opened: Promise<Session>;
  /** The server has let us in; what fails now is `onConnect`. */
  readonly connected: boolean;
  /** Ends the attempt now; `opened` rejects. */
  abandon(): void;
}

/** Connects, and runs `onConnect`, within `connectTimeoutMs`. What fails on the way is closed again. */
export function connect(settings: Settings, home: Home): Attempt {
  const client = new Client(settings.connection) as PgClient;
  const session = new Session(client, home);
  let abandon = (): void => undefined;
  const overdue = new Promise<never>((_, reject) => {
    abandon = () => {
      reject(Object.assign(new Error(overdueText(settings)), { code: 'ETIMEDOUT' }));
      client.connection.stream.destroy();
    };
  });
  let connected = false;
  const prepare = async (): Promise<Session> => {
    await client.connect();
    connected = true;
    await settings.onConnect?.({ query: (text, values) => session.query(text, values) as never });
    return session;
  };
  const timer = after(settings.connectTimeoutMs, abandon);
  const opened = Promise.race([prepare(), overdue]).catch(async (error: unknown) => {
    await session.close(0);
    throw error;
  });
  const stop = () => clearTimeout(timer);
  opened.then(stop, stop);
  return {
    opened,
    abandon,
    get connected() {
      return connected;
    },
  };
}

const overdueText = ({ connectTimeoutMs }: Settings) =>
  `no connection within ${connectTimeoutMs} ms (connectTimeoutMs)`;
