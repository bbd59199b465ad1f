import { Redis } from 'ioredis';

/** The connections that workers have to Redis, as Redis lists them; those of one process where `pid` is given. */
export async function listClients(url: string, pid?: number): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const list = String(await redis.call('CLIENT', 'LIST'));
    return list.split('\n').filter((line) => line.includes(` name=worker-${pid === undefined ? '' : `${pid} `}`));
  } finally {
    redis.disconnect();
  }
}

/** Whether a line of the list is a connection that listens. */
export const isSubscriber = (line: string): boolean => !/ sub=0 psub=0( ssub=0)? /.test(line);
