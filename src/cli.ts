import type { CommandTable } from './lib/cli/frame/base-command.js';
import { fastPath } from './lib/cli/frame/fast-path.js';
import { main, type Way } from './lib/cli/frame/main.js';

const commands: CommandTable = {
  bench: async () => (await import('./commands/bench.js')).default,
  call: async () => (await import('./commands/call.js')).default,
  complete: async () => (await import('./commands/complete.js')).default,
  completion: async () => (await import('./commands/completion.js')).default,
  'config explain': async () => (await import('./commands/config/explain.js')).default,
  'context -': 'context previous',
  'context add': async () => (await import('./commands/context/add.js')).default,
  'context list': async () => (await import('./commands/context/list.js')).default,
  'context previous': async () => (await import('./commands/context/previous.js')).default,
  'context remove': async () => (await import('./commands/context/remove.js')).default,
  'context show': async () => (await import('./commands/context/show.js')).default,
  'context use': async () => (await import('./commands/context/use.js')).default,
  describe: async () => (await import('./commands/describe.js')).default,
  doctor: async () => (await import('./commands/doctor.js')).default,
  expose: async () => (await import('./commands/expose.js')).default,
  install: async () => (await import('./commands/install.js')).default,
  keygen: async () => (await import('./commands/keygen.js')).default,
  'keys list': async () => (await import('./commands/keys/list.js')).default,
  'keys move': async () => (await import('./commands/keys/move.js')).default,
  'keys remove': async () => (await import('./commands/keys/remove.js')).default,
  'keys show': async () => (await import('./commands/keys/show.js')).default,
  'kontrol invite': async () => (await import('./commands/kontrol/invite.js')).default,
  'kontrol keys list': async () => (await import('./commands/kontrol/keys/list.js')).default,
  'kontrol keys reseal': async () => (await import('./commands/kontrol/keys/reseal.js')).default,
  'kontrol keys revoke': async () => (await import('./commands/kontrol/keys/revoke.js')).default,
  'kontrol keys rotate': async () => (await import('./commands/kontrol/keys/rotate.js')).default,
  'kontrol start': async () => (await import('./commands/kontrol/start.js')).default,
  'kontrol status': async () => (await import('./commands/kontrol/status.js')).default,
  'kontrol ui': async () => (await import('./commands/kontrol/ui.js')).default,
  list: async () => (await import('./commands/list.js')).default,
  ping: async () => (await import('./commands/ping.js')).default,
  'proxy start': async () => (await import('./commands/proxy/start.js')).default,
  'proxy status': async () => (await import('./commands/proxy/status.js')).default,
  query: async () => (await import('./commands/query.js')).default,
  register: async () => (await import('./commands/register.js')).default,
  run: async () => (await import('./commands/run.js')).default,
  serve: async () => (await import('./commands/serve.js')).default,
  shell: async () => (await import('./commands/shell.js')).default,
  showkey: async () => (await import('./commands/showkey.js')).default,
  tell: async () => (await import('./commands/tell.js')).default,
  token: async () => (await import('./commands/token.js')).default,
  top: async () => (await import('./commands/top.js')).default,
  uninstall: async () => (await import('./commands/uninstall.js')).default,
  watch: async () => (await import('./commands/watch.js')).default,
};

/** Fast where the command line is plain, else through oclif. */
const eitherWay: Way = async (root, argv, surroundings) => {
  if (await fastPath(root, argv, commands, surroundings)) return;
  await oclifsWay(root, argv, surroundings);
};

const oclifsWay: Way = async (root, argv, surroundings) => {
  const { throughOclif } = await import('./lib/cli/frame/through-oclif.js');
  await throughOclif(root, argv, surroundings);
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
