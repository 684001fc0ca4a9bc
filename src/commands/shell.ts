import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { connectionFlags, connectionOptions } from '../lib/cli/target/connection-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { shell } from '../lib/cli/shell/shell.js';

export default class Shell extends BaseCommand {
  static override summary = 'Call the methods of a kite interactively.';

  static override description =
    'Type the name of a method and its arguments, such as: square 4. Tab completes names. The argument @callback passes a function ' +
    'whose calls are printed, @bytes:PATH the content of a file as bytes, and @stream:PATH as a stream; @@TEXT is the string @TEXT. ' +
    'The items of a stream are printed as they come. Ctrl-C cancels a call; .exit or Ctrl-D exits. The history is stored in ' +
    'shell_history in $KITE_HOME or ~/.kite, without lines that start with a space or seem to contain a secret. Without a ' +
    'terminal, runs the lines of standard input. The exit code is that of the last line that failed.';

  static override examples = [
    {
      description: 'Start a shell for a local kite.',
      command: '<%= config.bin %> shell --to http://localhost:3636/kite',
    },
    {
      description: 'Run a script.',
      command: `printf 'square 4\\necho {"a": 1} text\\n' | <%= config.bin %> shell --to /bob/prod/math`,
    },
  ];

  static override flags = {
    ...connectionFlags,
    ...outputFlags,
    'no-history': boolean({ default: false, summary: 'Neither read nor write the history.' }),
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
