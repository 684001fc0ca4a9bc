import { commandTable } from './command-table.js';
import { fastPath } from './lib/cli/frame/fast-path.js';
import { type CommandLineRunner, main } from './lib/cli/frame/main.js';

/** Runs a command line on the fast path if it can, else through oclif. */
const runCommandLine: CommandLineRunner = async (root, argv, runtime) => {
  if (await fastPath(root, argv, await commandTable(), runtime)) return;
  await runWithOclif(root, argv, runtime);
};

const runWithOclif: CommandLineRunner = async (root, argv, runtime) => {
  const oclif = await import('./lib/cli/frame/through-oclif.js');
  await oclif.runThroughOclif(root, argv, runtime);
};

/** Runs `kitectl` and exits the process. `root` is the folder of the package. */
export function run(root: string): Promise<never> {
  return main(root, process.argv.slice(2), runCommandLine);
}

/** Like `run`, but without the fast path. A test compares the two. */
export function runThroughOclif(root: string): Promise<never> {
  return main(root, process.argv.slice(2), runWithOclif);
}

/** Runs `kontrol`, the Go program's name for `kitectl kontrol start`, and exits the process. */
export function runKontrol(root: string): Promise<never> {
  const argv = process.argv.slice(2);
  // With a value, the flag sets the version of the Kontrol kite.
  const printVersion = argv.length === 1 && /^--?version$/.test(argv[0] ?? '');
  return main(root, printVersion ? ['--version'] : ['kontrol', 'start', ...argv], runCommandLine);
}
