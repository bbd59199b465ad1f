import { Client, type PgClient } from './driver.ts';
import { Session, type Home } from './session.ts';
import type { Settings } from './options.ts';
import { after } from './timer.ts';

/** One attempt to connect. */
export interface Attempt {
  readonly opened: Promise<Session>;
  /** Ends the attempt now; `opened` rejects. */
  abandon(): void;
}

/** Connects, and runs `onConnect`, within `connectTimeoutMs`. What fails on the way is closed again. */
export function connect(settings: Settings, home: Home): Attempt {
  const { connectTimeoutMs, onConnect } = settings;
  const client = new Client(settings.connection) as PgClient;
  // An error event that comes between the attempt and the session must not end the process.
  client.on('error', () => undefined);
  const destroy = () => client.connection.stream.destroy();
  const opened = new Promise<Session>((resolve, reject) => {
    const timer = after(connectTimeoutMs, () => {
      reject(
        Object.assign(new Error(`no connection within ${connectTimeoutMs} ms (connectTimeoutMs)`), {
          code: 'ETIMEDOUT',
        }),
      );
      destroy();
    });
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(error as Error);
      destroy();
    };
    client.connect((error: Error | null | undefined) => {
      if (error) {
        fail(error);
        return;
      }
      const session = new Session(client, home);
      const succeed = () => {
        clearTimeout(timer);
        resolve(session);
      };
      if (!onConnect) {
        succeed();
        return;
      }
      session.closing = false;
      Promise.resolve()
        .then(() => onConnect({ query: (text, values) => session.query(text, values) as never }))
        .then(succeed, (error: unknown) => {
          session.closing = true;
          fail(error);
        });
    });
  });
  opened.catch(() => undefined);
  return { opened, abandon: destroy };
}
