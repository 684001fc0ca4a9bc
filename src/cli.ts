import { commandTable } from './command-table.js';
import { fastPath } from './lib/cli/frame/fast-path.js';
import { main, type CommandLineRunner } from './lib/cli/frame/main.js';

/** Fast where the command line is plain, else through oclif. */
const eitherWay: CommandLineRunner = async (root, argv, runtime) => {
  if (await fastPath(root, argv, await commandTable(), runtime)) return;
  await oclifsWay(root, argv, runtime);
};

const oclifsWay: CommandLineRunner = async (root, argv, runtime) => {
  const { runThroughOclif } = await import('./lib/cli/frame/through-oclif.js');
  await runThroughOclif(root, argv, runtime);
};

/** Runs `kitectl`, whose package is in the folder `root`, and ends the process. */
export function run(root: string): Promise<never> {
  return main(root, process.argv.slice(2), eitherWay);
}

/** `run` without the fast path, which must do the same: for the test that compares them. */
export function runThroughOclif(root: string): Promise<never> {
  return main(root, process.argv.slice(2), oclifsWay);
}

/** Runs `kontrol`, the name that the Go program has for `kitectl kontrol start`, and ends the process. */
export function runKontrol(root: string): Promise<never> {
  const argv = process.argv.slice(2);
  // With a value it is the version that Kontrol has as a kite.
  const asksVersion = argv.length === 1 && /^--?version$/.test(argv[0] ?? '');
  return main(root, asksVersion ? ['--version'] : ['kontrol', 'start', ...argv], eitherWay);
}
