import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allSettings } from '../settings/all-settings.js';
import type { CliSetting, SettingFlag } from '../settings/cli-setting.js';
import { contextSettings } from '../settings/context-settings.js';

/** A command in oclif's manifest. */
export interface CommandInfo {
  /** The name of the command, such as `kontrol keys list`. */
  readonly id: string;
  readonly summary: string;
  readonly hidden: boolean;
  readonly flags: readonly FlagInfo[];
  readonly args: readonly ArgInfo[];
}

export interface FlagInfo {
  readonly name: string;
  readonly char: string | undefined;
  readonly takesValue: boolean;
  readonly summary: string;
  /** The accepted values, if they are a fixed set, or what they can begin with. */
  readonly options: readonly string[];
  readonly multiple: boolean;
  /** How to complete other values. */
  readonly completion: SettingFlag['completion'];
}

export interface ArgInfo {
  readonly name: string;
  readonly multiple: boolean;
  readonly options: readonly string[];
}

export interface Manifest {
  /** The commands and their aliases. */
  readonly commands: readonly CommandInfo[];
  /** The descriptions of command groups, by name. */
  readonly groups: ReadonlyMap<string, string>;
}

/** Reads the manifest of the package in the folder `root`. */
export function readManifest(root: string): Manifest {
  const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
    readonly commands: Readonly<Record<string, RawCommand>>;
  };
  const { oclif } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly oclif: { readonly topics: Readonly<Record<string, { readonly description: string }>> };
  };
  const topics = Object.entries(oclif.topics);
  return {
    commands: commandsOf(commands),
    groups: new Map(topics.map(([id, { description }]) => [id.replaceAll(':', ' '), description])),
  };
}

function commandsOf(commands: Readonly<Record<string, RawCommand>>): CommandInfo[] {
  return Object.entries(commands).flatMap(([id, raw]) =>
    [id, ...(raw.aliases ?? [])].map((name) => ({
      ...commandInfo(id.replaceAll(':', ' '), raw),
      id: name.replaceAll(':', ' '),
    })),
  );
}

interface RawCommand {
  readonly summary?: string;
  readonly hidden?: boolean;
  readonly aliases?: readonly string[];
  readonly flags?: Readonly<Record<string, RawFlag>>;
  readonly args?: Readonly<
    Record<string, { readonly multiple?: boolean; readonly options?: readonly string[] }>
  >;
}

interface RawFlag {
  readonly type: string;
  readonly char?: string;
  readonly summary?: string;
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly helpValue?: string | readonly string[];
}

function commandInfo(id: string, { summary, hidden, flags, args }: RawCommand): Omit<CommandInfo, 'id'> {
  return {
    summary: summary ?? '',
    hidden: hidden === true,
    flags: Object.entries(flags ?? {}).map(([name, flag]) => flagInfo(name, flag, settingOf(id, name))),
    args: Object.entries(args ?? {}).map(([name, { multiple, options }]) => ({
      name,
      multiple: multiple === true,
      options: options ?? [],
    })),
  };
}

function flagInfo(name: string, flag: RawFlag, setting: CliSetting | undefined): FlagInfo {
  // `@FILE` is a word of another form, which the shell cannot complete.
  const isPath = /(?<!@)(?:PATH|DIR|FILE)/.test(String(flag.helpValue ?? ''));
  return {
    name,
    char: flag.char,
    takesValue: flag.type !== 'boolean',
    summary: flag.summary ?? '',
    options: flag.options ?? setting?.accept.choices ?? setting?.accept.beginnings ?? [],
    multiple: flag.multiple === true,
    completion: setting?.flag?.completion ?? (isPath ? 'files' : undefined),
  };
}

/** Returns the setting of a flag, if it has one. */
function settingOf(command: string, flag: string): CliSetting | undefined {
  if (command === 'context add') {
    return Object.entries(contextSettings).find(([name]) => name === flag)?.[1];
  }
  return allSettings.find((setting) => setting.flag?.name === flag && setting.commands.includes(command));
}
