import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '@oclif/core/config';
import { Help } from '@oclif/core/help';
import type { CommandTable } from './base-command.js';
import { formatExitCodes } from './exit-codes.js';
import type { Surroundings } from './surroundings.js';
import { unknownCommand } from './unknown-command.js';

const TOPICS = { 'exit-codes': { description: 'What the exit codes of kitectl mean.' } };

/** Prints the help of a command or topic, or of the whole program when `subject` names none. */
export async function showHelp(
  root: string,
  subject: readonly string[],
  commands: CommandTable,
  surroundings: Surroundings,
): Promise<void> {
  const name = subject.find((word) => !word.startsWith('-'));
  if (name === 'exit-codes') {
    surroundings.stdout.write(formatExitCodes());
    return;
  }
  if (name === 'help') return showHelp(root, [], commands, surroundings);
  if (name !== undefined && !Object.hasOwn(commands, name)) {
    throw unknownCommand(name, [...Object.keys(commands), ...Object.keys(TOPICS)]);
  }
  // oclif's colours have switches of their own; this is the one that they share.
  if (surroundings.noColor) process.env['NO_COLOR'] = '1';
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Config['pjson'];
  const pjson = { ...manifest, oclif: { ...manifest.oclif, topics: TOPICS } };
  const config = await Config.load({ root, pjson, userPlugins: false, devPlugins: false });
  await new Help(config, {}).showHelp(name === undefined ? [] : [name]);
}
