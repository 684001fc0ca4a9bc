import { CONNECTION_COMMANDS, KONTROL_COMMANDS } from '../../../src/lib/cli/settings/command-groups.js';

/** Every command that connects to a kite or to Kontrol. */
export const CONNECTING_COMMANDS: readonly string[] = [...CONNECTION_COMMANDS, ...KONTROL_COMMANDS];

/**
 * Returns what a test that walks these commands has to change: the commands that none of its lines begins with, and those that it
 * leaves out, with a reason, although they do not exist or are in a line.
 */
export function walkProblems(
  commands: readonly string[],
  lines: readonly string[],
  leftOut: Readonly<Record<string, string>> = {},
): readonly string[] {
  const hasLine = (command: string): boolean => lines.some((line) => `${line} `.startsWith(`${command} `));
  const missing = commands.filter((command) => !hasLine(command) && leftOut[command] === undefined);
  const needless = Object.keys(leftOut).filter((command) => hasLine(command) || !commands.includes(command));
  return [
    ...missing.map((command) => `${command} has no line`),
    ...needless.map((command) => `${command} is left out needlessly`),
  ];
}
