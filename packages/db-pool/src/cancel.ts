import { WireConnection, type PgClient } from './driver.ts';
import { after } from './timer.ts';

/** What `pg.Connection` offers beside its types: enough to send a cancel request over TCP, TLS or a Unix socket. */
type CancelWire = InstanceType<typeof WireConnection> & {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
};

/**
 * Asks the server to cancel what runs on `client`. Resolves, never rejects, when the server has closed the request's
 * socket: the signal has been sent then, and can no longer hit a statement that comes later.
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export function sendCancel(client: PgClient, stream: (() => unknown) | undefined, timeoutMs: number): Promise<void> {
  const { host, port, ssl, processID, secretKey, sslNegotiation = 'postgres' } = client;
  if (processID === null || secretKey === null) return Promise.resolve();
  return new Promise((resolve) => {
    const negotiation = { sslNegotiation };
    const wire = new WireConnection({
      ...(ssl && { ssl }),
      ...(stream && { stream: stream as () => undefined }),
      ...negotiation,
    }) as CancelWire;
    const timer = after(timeoutMs, () => wire.stream.destroy());
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const send = () => wire.cancel(processID, secretKey);
    wire.on('error', () => wire.stream.destroy());
    wire.once('end', done);
    wire.once('sslconnect', send);
    wire.once('connect', () => {
      if (!ssl) send();
      else if (sslNegotiation !== 'direct') wire.requestSsl();
    });
    if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
    else wire.connect(port, host);
  });
}
