/** What the programs of `bench/fleet.ts` agree on. */
import { openSync, writeSync } from 'node:fs';

/** The methods of each kite. Both return the process that ran the call. */
export interface FleetMethods {
  /** Must run once. */
  once(id: number): number;
  /** May run again. */
  again(id: number): number;
}

export type FleetMethod = keyof FleetMethods;

/** A client of a fleet. */
export interface FleetClient {
  call(method: FleetMethod, id: number): Promise<number>;
  close(): Promise<void>;
}

/** Timeout of a call in milliseconds: longer than it takes to notice that a kite does not answer. */
export const TIMEOUT = 5000;

/** The environment of the programs of a fleet. */
export interface FleetEnvironment {
  /** The index of a kite. */
  readonly FLEET_INDEX?: string;
  /** The ports of all kites, in JSON. */
  readonly FLEET_PORTS?: string;
  /** The file in which each call is noted. */
  readonly FLEET_NOTES?: string;
  /** A Kontrol, and a kite key of its user. */
  readonly FLEET_KONTROL?: string;
  readonly FLEET_KEY?: string;
}

/** Returns a function that notes a call before it runs, so that it is known also after SIGKILL. */
export function noteCalls(file: string): (method: FleetMethod, id: unknown) => number {
  const notes = openSync(file, 'a');
  return (method, id) => {
    writeSync(notes, `${method} ${String(id)}\n`);
    return process.pid;
  };
}
