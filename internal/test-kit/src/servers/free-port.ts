import { createServer } from 'node:net';

/** A port of 127.0.0.1 that nobody listens on, below `below` (a cluster's bus takes port + 10_000). */
export async function freePort(below = 65_536): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      server.on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    if (port < below) return port;
  }
}
