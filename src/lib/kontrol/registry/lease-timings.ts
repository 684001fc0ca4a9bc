/** What happens when, in milliseconds. */
export interface LeaseTimings {
  /** Between two heartbeats of a kite. Whole seconds: they are what kites are told. Default 10,000. */
  readonly heartbeat: number;
  /** From a kite's last heartbeat until it is not found any more. Default 30,000. */
  readonly lease: number;
  /** Longest time between two signs of life of one kite to the store. Default 60,000. */
  readonly refresh: number;
  /** From a sign of life in the store until other nodes give a kite up. Default 90,000. */
  readonly storedLease: number;
  /** Between two looks at the store. Default 10,000. */
  readonly probe: number;
}

export const defaultTimings: LeaseTimings = Object.freeze({
  heartbeat: 10_000,
  lease: 30_000,
  refresh: 60_000,
  storedLease: 90_000,
  probe: 10_000,
});
