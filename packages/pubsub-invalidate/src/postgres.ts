export { postgresTransport, type PostgresTransportOptions } from './postgres-transport.ts';
export { invalidationTriggerSql, type InvalidationTriggerOptions } from './trigger-sql.ts';
export { outboxSql } from './outbox-sql.ts';
export { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts';
