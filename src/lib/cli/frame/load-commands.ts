import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from '@oclif/core/command';
import type { CommandClass, CommandTable } from './base-command.js';

/**
 * Loads the commands in a folder. Returns them by name and alias, sorted. The path of a file is the name of its command
 * (`kontrol/start.ts` is `kontrol start`), and its default export is the command class.
 */
export async function loadCommands(folder: string): Promise<CommandTable> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => /(?<!\.d)\.[jt]s$/.test(name));
  const rows = await Promise.all(files.map((file) => rowsOf(folder, file)));
  return Object.fromEntries(rows.flat().toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

async function rowsOf(folder: string, file: string): Promise<(readonly [string, CommandTable[string]])[]> {
  const id = file.slice(0, -'.ts'.length).split(/[\\/]/).join(' ');
  const { default: command } = (await import(pathToFileURL(join(folder, file)).href)) as {
    default: LoadedCommand;
  };
  const aliases = [...command.aliases, ...command.hiddenAliases].map(
    (alias) => [alias.replaceAll(':', ' '), id] as const,
  );
  return [[id, () => Promise.resolve(command)], ...aliases];
}

type LoadedCommand = CommandClass & Pick<typeof Command, 'aliases' | 'hiddenAliases'>;
