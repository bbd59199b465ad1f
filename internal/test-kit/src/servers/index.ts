export { debianPackage, type UnpackedPackage } from './debian-package.ts';
export { findProgram } from './find-program.ts';
export { freePort } from './free-port.ts';
export { guardedFolder, startGuarded, type GuardedProcess, type ProcessSpec } from './guarded-process.ts';
export { findNginx, type NginxServer, startNginx } from './nginx.ts';
export { createDatabase, startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts';
export { startRedis, type RedisOptions, type RedisServer } from './redis.ts';
export { startRedisCluster, type RedisCluster } from './redis-cluster.ts';
export { ServerMissingError } from './server-missing-error.ts';
