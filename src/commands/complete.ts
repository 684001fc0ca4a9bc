import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { printCandidates } from '../lib/cli/completion/print-candidates.js';

export default class Complete extends BaseCommand {
  static override summary = 'Internal: list completions for the current word.';

  static override hidden = true;

  static override examples = [
    { description: 'What may stand behind call --.', command: "<%= config.bin %> complete -- call ''" },
  ];

  static override args = {
    words: stringArg({ description: 'The words so far.', multiple: true, ignoreStdin: true }),
  };

  static override flags = {
    line: string({ summary: 'The line up to the cursor, in place of the words.', helpValue: 'TEXT' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Complete);
    await printCandidates(
      { words: args.words ?? [], line: flags.line, root: this.config.root },
      this.runtime,
    );
  }
}
