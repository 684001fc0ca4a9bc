/** Intervals and leases, in milliseconds. */
export interface LeaseTimings {
  /** Interval between two heartbeats of a kite. Sent to kites in whole seconds. Default: 10,000. */
  readonly heartbeat: number;
  /** Time from a kite's last heartbeat until its lease ends. Default: 30,000. */
  readonly lease: number;
  /**
   * Time from when the connection of a kite drops with no goodbye until its lease ends, unless the kite registers again. Kites that
   * cannot reach Kontrol dial at least every ten seconds. Default: 15,000.
   */
  readonly grace: number;
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
  grace: 15_000,
  refresh: 60_000,
  storedLease: 90_000,
  probe: 10_000,
});
