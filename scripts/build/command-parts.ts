import { join, relative, sep } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { loadCommands } from '../../src/lib/cli/frame/load-commands.js';
import { commandParts, leaveParts } from './program-parts.js';

/** A command of `src/commands`. */
export interface BuiltCommand {
  /** Its words, with spaces between them. */
  readonly id: string;
  /** Its module, from `src`, without an extension: `commands/kontrol/start`. */
  readonly module: string;
  readonly aliases: readonly string[];
  /** Whether it does without the client of kites, so that it can start faster. */
  readonly local: boolean;
}

/** The package that makes the client of kites slow to load. A command that loads it is not local. */
const CLIENT = 'ws';

/** The commands in the folder `src/commands` of the repository `root`, sorted by their words. */
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

/** Which of the modules load the client of kites neither themselves nor through what they import, other parts aside. */
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
    plugins: [leaveParts(root, new Set())],
  });
  return new Set(modules.filter((module) => !loads(metafile, `src/${module}.ts`, CLIENT)));
}

/** Whether `file`, or a file that it imports in whatever way, imports the package. */
function loads({ inputs }: Metafile, file: string, wanted: string): boolean {
  const seen = new Set([file]);
  for (const one of seen) {
    for (const { path, external } of inputs[one]?.imports ?? []) {
      if (external && path === wanted) return true;
      if (!external) seen.add(path);
    }
  }
  return false;
}

function partOf({ local }: BuiltCommand): string {
  return local ? commandParts.local : commandParts.network;
}

/** Puts the table of all commands in the place of the one that reads the folder when it is used. */
export function writeCommandTable(
  root: string,
  commands: readonly BuiltCommand[],
  left: Set<string>,
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
        left.add('command-table');
        return { contents };
      });
    },
  };
}

/** The source of each part with commands, by its name: they are loaded when they are used. */
export function commandPartSources(commands: readonly BuiltCommand[]): Record<string, string> {
  const sourceOf = (part: string): string => {
    const rows = commands
      .filter((command) => partOf(command) === part)
      .map(({ id, module }) => `${JSON.stringify(id)}: () => require('./${module}.js').default,`);
    return `export const commands = {\n${rows.join('\n')}\n};`;
  };
  return Object.fromEntries(Object.values(commandParts).map((part) => [part, sourceOf(part)]));
}
