import { option } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { completionScript, shells } from '../lib/cli/completion/scripts.js';
import { write } from '../lib/cli/runtime/command-runtime.js';

export default class Completion extends BaseCommand {
  static override summary = 'Print a completion script for your shell.';

  static override description =
    'The script completes commands, flags, kites and methods. Kites are looked up at Kontrol, and methods at the kite, with a ' +
    'timeout of 300 ms. Results are cached for 30 seconds in $XDG_CACHE_HOME/kitectl or ~/.cache/kitectl.';

  static override examples = [
    {
      description: 'bash: add this line to ~/.bashrc.',
      command: 'source <(<%= config.bin %> completion bash)',
    },
    {
      description: 'zsh: add this line to ~/.zshrc, after compinit.',
      command: 'source <(<%= config.bin %> completion zsh)',
    },
    {
      description: 'fish: run this once.',
      command: '<%= config.bin %> completion fish > ~/.config/fish/completions/kitectl.fish',
    },
  ];

  static override args = {
    shell: option({ options: shells })({
      description: 'Shell to complete for.',
      required: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    await write(this.runtime.stdout, completionScript(args.shell));
  }
}
