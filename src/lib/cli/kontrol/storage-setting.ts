import { usageError } from '../runtime/cli-error.js';
import type { ParsedStartFlags } from './kontrol-start-flags.js';

/** How a flag is found: what the command line says, else the variable of the same name. Empty counts as not said. */
export type Setting = (name: keyof ParsedStartFlags) => string | undefined;

/** The variable that says what a flag says. */
export function variableOf(flag: string): string {
  return `KONTROL_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** Both names of a setting, for messages. */
export function said(name: string): string {
  return `--${name} (${variableOf(name)})`;
}

/** The port that a setting gives; 0, any that is free, only where `min` lets it. */
export function portOf(text: string | undefined, name: string, otherwise: number, min = 1): number {
  if (text === undefined) return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= min && port <= 65_535)) {
    throw usageError(`${said(name)} must be a port from ${min} to 65535, not ${text}.`);
  }
  return port;
}

/** What private keys in a store are encrypted with. */
export interface Secrets {
  readonly secret?: string;
  readonly formerSecret?: string;
}
