import { option } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { completionScript, shells } from '../lib/cli/completion/scripts.js';
import { write } from '../lib/cli/runtime/command-runtime.js';

export default class Completion extends BaseCommand {
  static override summary = 'Print a script that teaches your shell to complete commands, kites and methods.';

  static override description =
    'Kites are asked for at Kontrol, and methods at the kite, for 300 ms at most; what they answered is remembered for half a ' +
    'minute in $XDG_CACHE_HOME/kitectl or ~/.cache/kitectl.';

  static override examples = [
    {
      description: 'For bash, in ~/.bashrc.',
      command: 'source <(<%= config.bin %> completion bash)',
    },
    {
      description: 'For zsh, in ~/.zshrc behind compinit.',
      command: 'source <(<%= config.bin %> completion zsh)',
    },
    {
      description: 'For fish.',
      command: '<%= config.bin %> completion fish > ~/.config/fish/completions/kitectl.fish',
    },
  ];

  static override args = {
    shell: option({ options: shells })({ description: 'Your shell.', required: true, ignoreStdin: true }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    await write(this.runtime.stdout, completionScript(args.shell));
  }
}
