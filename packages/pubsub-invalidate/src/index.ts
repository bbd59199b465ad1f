export { createBus, type Bus } from './bus.ts';
export type { BusOptions } from './settings.ts';
export type { BusHealth, BusStats } from './counters.ts';
export type { BusEvent, BusState, Gap, GapReason } from './events.ts';
export { kind, type Kind, type KindOptions, type Kinds, type PayloadOf } from './kind.ts';
export { createInvalidator, type Invalidator, type InvalidatorOptions, type Unsubscribe } from './invalidator.ts';
export type { BindOptions, Binding, BindTarget } from './binding.ts';
export type { TransactionOptions, TransactionTopic } from './transaction.ts';
export type { ClientOf, TransactionClient, TransactionPool } from './transaction-pool.ts';
export { createInbox, type Inbox, type InboxOptions } from './inbox.ts';
export type { WaitOptions } from './waiter.ts';
export { createMemoryHub, memoryTransport, type MemoryFaults, type MemoryHub, type MemoryMessage } from './memory.ts';
export type { MemoryTransportOptions } from './memory.ts';
export type { OutgoingMessage, Session, SessionHandlers, Transport } from './transport.ts';
export {
  BusClosedError,
  BusDeadlineError,
  BusPublishError,
  BusStartError,
  InboxClosedError,
  InboxFullError,
  InboxRejectedError,
  InboxResultSizeError,
  InboxTimeoutError,
  TransactionRolledBackError,
} from './errors.ts';
