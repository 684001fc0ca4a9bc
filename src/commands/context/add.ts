import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { addContext, contextFromFlags } from '../../lib/cli/context/manage-contexts.js';
import { contextSettings } from '../../lib/cli/settings/context-settings.js';
import { flagsOf } from '../../lib/cli/settings/setting-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ContextAdd extends BaseCommand {
  static override summary = 'Add a context: a Kontrol, a kite key and a default kite.';

  static override description =
    'Flags and environment variables take precedence over a context, and a context takes precedence over the kite key. ' +
    'Contexts are stored in contexts.json in $KITE_HOME or ~/.kite; the file contains no keys. The first context that you add ' +
    'becomes the active one.';

  static override examples = [
    {
      description: 'Add a Kontrol, with its kite key in a separate file.',
      command:
        '<%= config.bin %> context add prod --kontrol https://kontrol.example.com:4000/kite --key-file ~/.kite/prod.key',
    },
    {
      description: 'Set a default kite for commands without --to, and switch to the context.',
      command: '<%= config.bin %> context add math --to /bob/prod/math --use',
    },
  ];

  static override args = {
    name: stringArg({ description: 'Name of the context.', required: true, ignoreStdin: true }),
  };

  static override flags = {
    ...flagsOf(contextSettings, { defaults: false }),
    force: boolean({ default: false, summary: 'Change the context if it exists.' }),
    use: boolean({ default: false, summary: 'Switch to the context.' }),
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextAdd);
    const { force, use } = flags;
    const context = contextFromFlags(flags, this.runtime.env);
    await addContext({ name: args.name, context, force, use, format: formatOf(flags) }, this.runtime);
  }
}
