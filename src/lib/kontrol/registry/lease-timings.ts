/** Intervals and leases, in milliseconds. */
export interface LeaseTimings {
  /** Interval between two heartbeats of a kite. Sent to kites in whole seconds. Default: 10,000. */
  readonly heartbeat: number;
  /** Time from a kite's last heartbeat until its lease ends. Default: 30,000. */
  readonly lease: number;
  /** Maximum interval between two refreshes of a kite's lease in the store. Default: 60,000. */
  readonly refresh: number;
  /** Time from a refresh in the store until the kite expires on other nodes. Default: 90,000. */
  readonly storedLease: number;
  /** Interval between two probes of the store. Default: 10,000. */
  readonly probe: number;
}

export const defaultTimings: LeaseTimings = Object.freeze({
  heartbeat: 10_000,
  lease: 30_000,
  refresh: 60_000,
  storedLease: 90_000,
  probe: 10_000,
});
