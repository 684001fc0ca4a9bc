import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { addContext, contextFromFlags } from '../../lib/cli/context/manage-contexts.js';
import { contextSettings } from '../../lib/cli/settings/context-settings.js';
import { flagsOf } from '../../lib/cli/settings/setting-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextAdd extends BaseCommand {
  static override summary = 'Give a name to a Kontrol, a kite key and a kite that you work with.';

  static override description =
    'What a context says counts less than a flag and than the environment, and more than the kite key. The contexts are in ' +
    'contexts.json in $KITE_HOME or ~/.kite, which holds no keys. The first one is in use at once.';

  static override examples = [
    {
      description: 'Another Kontrol, with its kite key in a file of its own.',
      command:
        '<%= config.bin %> context add prod --kontrol https://kontrol.example.com:4000/kite --key-file ~/.kite/prod.key',
    },
    {
      description: 'The kite that commands talk to where no --to is given.',
      command: '<%= config.bin %> context add math --to /bob/prod/math --use',
    },
  ];

  static override args = {
    name: stringArg({ description: 'Name of the context.', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...flagsOf(contextSettings, { defaults: false }),
    force: boolean({ default: false, summary: 'Change the context of that name, where there is one.' }),
    use: boolean({ default: false, summary: 'Work in it from now on.' }),
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextAdd);
    const { force, use } = flags;
    const context = contextFromFlags(flags, this.runtime.env);
    await addContext({ name: args.name, context, force, use, format: formatOf(flags) }, this.runtime);
  }
}
