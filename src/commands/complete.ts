import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { printCandidates } from '../lib/cli/completion/print-candidates.js';

export default class Complete extends BaseCommand {
  static override summary = 'Internal: list completions for the current word.';

  static override hidden = true;

  static override examples = [
    { description: 'List completions after call.', command: "<%= config.bin %> complete -- call ''" },
  ];

  static override args = {
    words: stringArg({ description: 'Words before the cursor.', multiple: true, ignoreStdin: true }),
  };

  static override flags = {
    line: string({ summary: 'Command line up to the cursor, instead of WORDS.', helpValue: 'TEXT' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Complete);
    await printCandidates(
      { words: args.words ?? [], line: flags.line, root: this.config.root },
      this.runtime,
    );
  }
}
