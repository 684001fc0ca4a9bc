import { join, relative, sep } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { loadCommands } from '../../src/lib/cli/frame/load-commands.js';
import { commandParts, excludeParts } from './program-parts.js';

/** A command of `src/commands`. */
export interface BuiltCommand {
  /** Words of the command, separated by spaces. */
  readonly id: string;
  /** Path of its module relative to `src`, without an extension, such as `commands/kontrol/start`. */
  readonly module: string;
  readonly aliases: readonly string[];
  /** Whether it does not load the client of kites, so that it starts faster. */
  readonly local: boolean;
}

/** The package that makes the client of kites slow to load. Commands that load it are not local. */
const CLIENT = 'ws';

/** Finds the commands in `src/commands` of the repository `root`, sorted by id. */
export async function findCommands(root: string): Promise<BuiltCommand[]> {
  const table = await loadCommands(join(root, 'src', 'commands'));
  const ids = Object.keys(table).filter((id) => typeof table[id] !== 'string');
  const local = await localModules(root, ids.map(moduleOf));
  return ids.map((id) => ({
    id,
    module: moduleOf(id),
    aliases: Object.keys(table).filter((name) => table[name] === id),
    local: local.has(moduleOf(id)),
  }));
}

function moduleOf(id: string): string {
  return `commands/${id.replaceAll(' ', '/')}`;
}

/** Returns the modules that do not load the client of kites, directly or indirectly, except through other parts. */
async function localModules(root: string, modules: readonly string[]): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: modules.map((module) => `src/${module}.ts`),
    outdir: 'unused',
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
    write: false,
    plugins: [excludeParts(root, new Set())],
  });
  return new Set(modules.filter((module) => !loads(metafile, `src/${module}.ts`, CLIENT)));
}

/** Whether `file` imports the package, directly or indirectly. */
function loads({ inputs }: Metafile, file: string, packageName: string): boolean {
  const seen = new Set([file]);
  for (const current of seen) {
    for (const { path, external } of inputs[current]?.imports ?? []) {
      if (external && path === packageName) return true;
      if (!external) seen.add(path);
    }
  }
  return false;
}

function partOf({ local }: BuiltCommand): string {
  return local ? commandParts.local : commandParts.network;
}

/** Replaces the command table that reads `src/commands` at run time with a generated one. */
export function writeCommandTable(
  root: string,
  commands: readonly BuiltCommand[],
  excluded: Set<string>,
): Plugin {
  const rows = commands.flatMap((command) => [
    `${JSON.stringify(command.id)}: load(${command.local ? 'local' : 'network'}, ${JSON.stringify(command.id)}),`,
    ...command.aliases.map((alias) => `${JSON.stringify(alias)}: ${JSON.stringify(command.id)},`),
  ]);
  const contents = `
    const local = () => import('./${commandParts.local}.cjs');
    const network = () => import('./${commandParts.network}.cjs');
    const load = (part, id) => async () => (await part()).commands[id]();
    const table = {\n${rows.join('\n')}\n};
    export const commandTable = () => table;`;
  return {
    name: 'command-table',
    setup(builder) {
      builder.onLoad({ filter: /[\\/]command-table\.ts$/ }, ({ path }) => {
        if (relative(root, path).split(sep).join('/') !== 'src/command-table.ts') return undefined;
        excluded.add('command-table');
        return { contents };
      });
    },
  };
}

/** Returns the source of each part with commands by its name. Commands are loaded on first use. */
export function commandPartSources(commands: readonly BuiltCommand[]): Record<string, string> {
  const sourceOf = (part: string): string => {
    const rows = commands
      .filter((command) => partOf(command) === part)
      .map(({ id, module }) => `${JSON.stringify(id)}: () => require('./${module}.js').default,`);
    return `export const commands = {\n${rows.join('\n')}\n};`;
  };
  return Object.fromEntries(Object.values(commandParts).map((part) => [part, sourceOf(part)]));
}
