import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { connectionFlags, connectionOptions } from '../lib/cli/target/connection-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { shell } from '../lib/cli/shell/shell.js';

export default class Shell extends BaseCommand {
  static override summary = 'Call the methods of a kite interactively.';

  static override description =
    'A line is the name of a method and its arguments: square 4. Tab completes names. A function stands where an argument ' +
    'says "@callback", and its calls are printed. Ctrl-C gives up a call, .exit or Ctrl-D leaves. The lines are kept in ' +
    'shell_history in $KITE_HOME or ~/.kite, unless they begin with a space or look as if they held a secret. Without a ' +
    'terminal it runs the lines of the standard input. The exit code is that of the last line that failed.';

  static override examples = [
    {
      description: 'A prompt for a kite on this machine.',
      command: '<%= config.bin %> shell --to http://localhost:3636/kite',
    },
    {
      description: 'A script.',
      command: `printf 'square 4\\necho {"a": 1} text\\n' | <%= config.bin %> shell --to /bob/prod/math`,
    },
  ];

  static override flags = {
    ...connectionFlags,
    ...outputFlags,
    'no-history': boolean({ default: false, summary: 'Keep no lines, and offer none of former shells.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Shell);
    await shell(
      {
        ...connectionOptions(flags, this.runtime.env),
        format: formatOf(flags),
        history: !flags['no-history'],
      },
      this.runtime,
    );
  }
}
