import type { CommandTable } from './lib/cli/base-command.js';
import { main } from './lib/cli/main.js';

const commands: CommandTable = {
  call: async () => (await import('./commands/call.js')).default,
  keygen: async () => (await import('./commands/keygen.js')).default,
  ping: async () => (await import('./commands/ping.js')).default,
  showkey: async () => (await import('./commands/showkey.js')).default,
  tell: async () => (await import('./commands/tell.js')).default,
};

/** Runs `kitectl`, whose package is in the folder `root`, and ends the process. */
export function run(root: string): Promise<never> {
  return main(root, commands);
}
