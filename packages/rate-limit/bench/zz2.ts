import { startRedis } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
const server = await startRedis();
const redis = new Redis(server.url);
await redis.rpush('l', ...Array.from({ length: 20 }, (_, i) => `17952412345${10 + i}${i}`));
await redis.set('s', '1795241234567:12');
await redis.hset('h', 'm', '1795241234567 12 13', ...Array.from({ length: 40 }, (_, i) => `${i}`));
const t = async (name: string, body: string, pre = '') => {
  let best = 1e9;
  for (let i = 0; i < 7; i++) {
    const t0 = performance.now();
    await redis.eval(
      `local call,num,sub,fmt=redis.call,tonumber,string.sub,string.format ${pre} for i=1,20000 do ${body} end return 1`,
      2,
      'l',
      's',
    );
    best = Math.min(best, performance.now() - t0);
  }
  console.log(name.padEnd(34), (best / 20).toFixed(3), 'us');
};
await t('empty', '');
await t('LRANGE 0 1 str', "call('LRANGE', 'l', '0', '1')");
await t('LRANGE 0 1 num', "call('LRANGE', 'l', 0, 1)");
await t('LINDEX -1', "call('LINDEX', 'l', '-1')");
await t('LINDEX 0', "call('LINDEX', 'l', '0')");
await t('LSET -1', "call('LSET', 'l', '-1', '17952412345671234')");
await t('RPUSH+RPOP', "call('RPUSH', 'l', '17952412345671234') call('RPOP', 'l')");
await t('GET', "call('GET', 's')");
await t('GETRANGE', "call('GETRANGE', 's', '0', '-1')");
await t('SET', "call('SET', 's', '1795241234567:12')");
await t('SET PX', "call('SET', 's', '1795241234567:12', 'PX', '75000')");
await t('APPEND', "call('APPEND', 's2', '1795241234567:12')");
await t('INCR', "call('INCR', 's3')");
await t('PTTL', "call('PTTL', 's3')");
await t('PEXPIRE', "call('PEXPIRE', 'l', '75000')");
await t('HGET', "call('HGET', 'h', 'm')");
await t('sub+num', "local a = num(sub('17952412345671234', 1, 13))");
await t('pack fmt', "local a = fmt('%013.0f%.0f', 1795241234567, 1234)");
await t('pack stamp', "local a = '1795241234567' .. i");
await t('floor div', 'local a = math.floor(i*4/60000) ~= math.floor((i+1)*4/60000)');
redis.disconnect();
await server.close();
