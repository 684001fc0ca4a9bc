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
  /** Time from a refresh in the store until the lease in the store ends. Default: 90,000. */
  readonly storedLease: number;
  /**
   * Time from the end of a kite's lease in the store until the other nodes remove it. A kite of this library notices within 80
   * seconds that its node is frozen, and registers at another one: it must be found until then. Default: 60,000.
   */
  readonly handover: number;
  /** Interval between two probes of the store. Default: 10,000. */
  readonly probe: number;
}

/** Returns for how long the other nodes find a kite at least after its node has stopped refreshing it, in milliseconds. */
export function foundWithoutNode({
  storedLease,
  refresh,
  probe,
  handover,
}: Pick<LeaseTimings, 'storedLease' | 'refresh' | 'probe' | 'handover'>): number {
  return refreshWhenLeft({ storedLease, refresh, probe }) - probe + handover;
}

/** Returns the time left of a lease in the store from which on it is refreshed, in milliseconds. */
export function refreshWhenLeft({
  storedLease,
  refresh,
  probe,
}: Pick<LeaseTimings, 'storedLease' | 'refresh' | 'probe'>): number {
  return storedLease - refresh + 2 * probe;
}

export const defaultTimings: LeaseTimings = Object.freeze({
  heartbeat: 10_000,
  lease: 30_000,
  grace: 15_000,
  refresh: 60_000,
  storedLease: 90_000,
  handover: 60_000,
  probe: 10_000,
});
