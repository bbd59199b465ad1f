export interface Sizes {
  size: number;
  overflow: number;
}

/**
 * How many connections a load needs, over all processes: square-root staffing, `R + 2 sqrt(R)`, where R is the number of
 * connections busy at the same time on average (queries a second x seconds held, Little's law).
 */
export function connectionsFor(load: { perSecond: number; heldMs: number }): number {
  const busy = (load.perSecond * load.heldMs) / 1_000;
  return Math.max(1, Math.ceil(busy + 2 * Math.sqrt(busy)));
}

/** The share of the free slots that a fleet may plan with: the rest is for migrations, consoles and the next process. */
export const HEADROOM = 0.9;

/** Sizes for each of `processes` that fit into `available` slots, two thirds of them kept open. At least one connection. */
export function sizesThatFit(available: number, processes: number): Sizes {
  const each = Math.floor((Math.max(0, available) * HEADROOM) / processes);
  const size = Math.max(1, Math.ceil((each * 2) / 3));
  return { size, overflow: Math.max(0, each - size) };
}

export interface ServerLimits {
  maxConnections: number;
  /** Slots only superusers, or roles with the privilege for reserved slots, may take. */
  reserved: number;
  /** Slots taken by others now. */
  foreign: number;
  /** -1: no limit. */
  roleLimit: number;
  /** -1: no limit. */
  databaseLimit: number;
}

/** How many connections this role can have to this database, over all processes of ours. */
export function availableSlots(limits: ServerLimits): number {
  const free = limits.maxConnections - limits.reserved - limits.foreign;
  const role = limits.roleLimit < 0 ? Infinity : limits.roleLimit;
  const database = limits.databaseLimit < 0 ? Infinity : limits.databaseLimit;
  return Math.max(0, Math.min(free, role, database));
}
