import { encodeMessage, ENVELOPE_BYTES, type Mark } from './message.ts';
import { byteLength } from './names.ts';
import { Ticket } from './ticket.ts';
import type { OutgoingMessage } from './transport.ts';

/** `h` hints: may collapse to "everything changed". `r` inbox results: may not, and a late one is worth nothing. */
export type Field = 'h' | 'r';

/** Messages that are numbered and on their way, with the promises that wait for them. */
export interface Flight {
  readonly messages: OutgoingMessage[];
  readonly tickets: Ticket[];
  readonly outlets: Set<Outlet>;
}

interface Outlet {
  readonly channel: string;
  readonly field: Field;
  readonly epoch: number;
  /** By the item's own text: the same hint queued twice leaves once. */
  readonly items: Map<string, Ticket>;
  /** Too much was queued: one "everything changed" stands for all of it, and these wait for it. */
  collapsed: Ticket[] | undefined;
  seq: number;
  sentMs: number;
  beatsLeft: number;
}

/** A channel is named in this many heartbeats after its last message: one of them arrives, or their absence is a loss itself. */
const BEATS_AFTER_MESSAGE = 5;
/** The item that stands for everything of its topic. */
export const EVERYTHING = '';
const MAX_OUTLETS = 10_000;
const MAX_FLIGHT_BYTES = 1_048_576;

export interface QueueOptions {
  readonly id: string;
  readonly maxPayloadBytes: number;
  readonly maxQueue: number;
  readonly maxBatch: number;
}

/** What waits to be sent, a count of its own for each channel. Bounded: at `maxQueue` the topic that asks for more collapses. No time, no network. */
export class Queue {
  readonly #options: QueueOptions;
  readonly #outlets = new Map<string, Outlet>();
  readonly #dirty = new Set<Outlet>();
  #epoch = 0;
  #size = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  get isEmpty(): boolean {
    return this.#dirty.size === 0;
  }

  /** Queues one item. `full`: refused, there is no room and results do not collapse. `collapsed`: this call made the topic collapse. */
  push(
    channel: string,
    field: Field,
    json: string,
    nowMs: number,
  ): { ticket: Ticket; outcome: 'queued' | 'collapsed' | 'full' } {
    const outlet = this.#outlet(channel, field);
    const known = outlet.collapsed ? outlet.collapsed.at(-1) : outlet.items.get(json);
    if (known && !known.settled) return { ticket: known, outcome: 'queued' };
    const ticket = new Ticket(channel, nowMs);
    if (outlet.collapsed) {
      outlet.collapsed = [...outlet.collapsed.filter((one) => !one.settled), ticket];
      return { ticket, outcome: 'queued' };
    }
    const full = this.#size >= this.#options.maxQueue && !known;
    if (full && field === 'r') return { ticket, outcome: 'full' };
    if (!known) this.#size++;
    outlet.items.set(json, ticket);
    this.#dirty.add(outlet);
    if (full) this.#collapse(outlet);
    return { ticket, outcome: full ? 'collapsed' : 'queued' };
  }

  /** Takes up to `maxBatch` items and gives their messages numbers. */
  take(nowMs: number): Flight {
    const flight: Flight = { messages: [], tickets: [], outlets: new Set() };
    let bytes = 0;
    for (const outlet of this.#dirty) {
      if (outlet.collapsed) {
        flight.tickets.push(...outlet.collapsed);
        outlet.collapsed = undefined;
        this.#addMessage(flight, outlet, [], nowMs);
      }
      bytes += this.#takeItems(flight, outlet, MAX_FLIGHT_BYTES - bytes, nowMs);
      if (outlet.items.size > 0) break;
      this.#dirty.delete(outlet);
    }
    return flight;
  }

  /** The broker has this flight. Counted from its confirmation, so that no message looks older than it is. */
  sent(flight: Flight, nowMs: number): void {
    for (const outlet of flight.outlets) outlet.sentMs = nowMs;
    for (const ticket of flight.tickets) ticket.resolve();
  }

  /** The last numbers of the channels that were in use lately. */
  marks(nowMs: number): Mark[] {
    const marks: Mark[] = [];
    for (const { channel, epoch, seq, sentMs, beatsLeft } of this.#outlets.values()) {
      if (beatsLeft > 0) marks.push({ channel, epoch, seq, ageMs: Math.max(0, nowMs - sentMs) });
    }
    return marks;
  }

  beatSent(): void {
    for (const outlet of this.#outlets.values()) if (outlet.beatsLeft > 0) outlet.beatsLeft--;
  }

  /** Tickets older than `maxAgeMs`. Hints stay queued, results leave. */
  overdue(nowMs: number, maxAgeMs: number): Ticket[] {
    const overdue: Ticket[] = [];
    for (const outlet of this.#dirty) {
      for (const ticket of outlet.collapsed ?? []) if (isOverdue(ticket, nowMs, maxAgeMs)) overdue.push(ticket);
      for (const [json, ticket] of outlet.items) {
        if (!isOverdue(ticket, nowMs, maxAgeMs)) continue;
        overdue.push(ticket);
        if (outlet.field === 'r' && outlet.items.delete(json)) this.#size--;
      }
      if (!outlet.collapsed && outlet.items.size === 0) this.#dirty.delete(outlet);
    }
    return overdue;
  }

  /** Empties the queue; the caller settles what it gets. */
  drop(): Ticket[] {
    const tickets = [...this.#dirty].flatMap((outlet) => [...(outlet.collapsed ?? []), ...outlet.items.values()]);
    this.#dirty.clear();
    this.#outlets.clear();
    this.#size = 0;
    return tickets;
  }

  #outlet(channel: string, field: Field): Outlet {
    const known = this.#outlets.get(channel);
    if (known) return known;
    if (this.#outlets.size >= MAX_OUTLETS) this.#forgetOne();
    const outlet: Outlet = {
      channel,
      field,
      epoch: this.#epoch,
      items: new Map(),
      collapsed: undefined,
      seq: 0,
      sentMs: 0,
      beatsLeft: 0,
    };
    this.#outlets.set(channel, outlet);
    return outlet;
  }

  /** A number must never be used twice, so what comes after a forgotten count belongs to a new epoch. */
  #forgetOne(): void {
    for (const outlet of this.#outlets.values()) {
      if (outlet.beatsLeft > 0 || this.#dirty.has(outlet)) continue;
      this.#outlets.delete(outlet.channel);
      this.#epoch++;
      return;
    }
  }

  #collapse(outlet: Outlet): void {
    outlet.collapsed = [...outlet.items.values()];
    this.#size -= outlet.items.size;
    outlet.items.clear();
  }

  #takeItems(flight: Flight, outlet: Outlet, budgetBytes: number, nowMs: number): number {
    const limit = this.#options.maxPayloadBytes - ENVELOPE_BYTES;
    let group: string[] = [];
    let groupBytes = 0;
    let bytes = 0;
    for (const [json, ticket] of outlet.items) {
      if (flight.tickets.length >= this.#options.maxBatch || bytes >= budgetBytes) break;
      outlet.items.delete(json);
      this.#size--;
      flight.tickets.push(ticket);
      const size = byteLength(json) + 1;
      bytes += size;
      if (groupBytes + size > limit && group.length > 0) {
        this.#addMessage(flight, outlet, group, nowMs);
        group = [];
        groupBytes = 0;
      }
      if (json === EVERYTHING || size > limit) {
        this.#addMessage(flight, outlet, [], nowMs);
        continue;
      }
      group.push(json);
      groupBytes += size;
    }
    if (group.length > 0) this.#addMessage(flight, outlet, group, nowMs);
    return bytes;
  }

  #addMessage(flight: Flight, outlet: Outlet, items: readonly string[], nowMs: number): void {
    const previousAgeMs = outlet.seq === 0 ? 0 : Math.max(0, nowMs - outlet.sentMs);
    outlet.seq++;
    outlet.sentMs = nowMs;
    outlet.beatsLeft = BEATS_AFTER_MESSAGE;
    const origin = { publisher: this.#options.id, epoch: outlet.epoch, seq: outlet.seq, previousAgeMs };
    flight.messages.push({ channel: outlet.channel, data: encodeMessage(origin, outlet.field, items) });
    flight.outlets.add(outlet);
  }
}

const isOverdue = (ticket: Ticket, nowMs: number, maxAgeMs: number): boolean =>
  !ticket.settled && nowMs - ticket.queuedMs >= maxAgeMs;
