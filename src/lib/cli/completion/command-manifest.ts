import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What oclif's manifest tells of a command, as far as completion needs it. */
export interface CommandInfo {
  /** The words of the command: `kontrol keys list`. */
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
  readonly options: readonly string[];
  readonly multiple: boolean;
  /** Such as `PATH`. */
  readonly helpValue: string;
}

export interface ArgInfo {
  readonly name: string;
  readonly multiple: boolean;
  readonly options: readonly string[];
}

export interface Manifest {
  /** Aliases included. */
  readonly commands: readonly CommandInfo[];
  /** What groups of commands are about, by their words. */
  readonly groups: ReadonlyMap<string, string>;
}

/** The commands of the program whose package is in the folder `root`. */
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
    [id, ...(raw.aliases ?? [])].map((name) => ({ ...commandInfo(raw), id: name.replaceAll(':', ' ') })),
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

function commandInfo({ summary, hidden, flags, args }: RawCommand): Omit<CommandInfo, 'id'> {
  return {
    summary: summary ?? '',
    hidden: hidden === true,
    flags: Object.entries(flags ?? {}).map(([name, flag]) => ({
      name,
      char: flag.char,
      takesValue: flag.type !== 'boolean',
      summary: flag.summary ?? '',
      options: flag.options ?? [],
      multiple: flag.multiple === true,
      helpValue: String(flag.helpValue ?? ''),
    })),
    args: Object.entries(args ?? {}).map(([name, { multiple, options }]) => ({
      name,
      multiple: multiple === true,
      options: options ?? [],
    })),
  };
}
