import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { explain } from '../../lib/cli/config/explain.js';
import { CommandSettings } from '../../lib/cli/settings/command-settings.js';
import { commonSettings } from '../../lib/cli/settings/common-settings.js';
import { connectionSettings } from '../../lib/cli/settings/connection-settings.js';
import { flagsOf } from '../../lib/cli/settings/setting-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ConfigExplain extends BaseCommand {
  static override summary = 'Show each setting, its value, and where it comes from.';

  static override description =
    'What counts most comes first: a flag, the environment, the context, the kite key, the default. The flags of other ' +
    'commands can be given here to see what they change. Secrets are hidden.';

  static override examples = [
    { description: 'Why do commands do what they do?', command: '<%= config.bin %> config explain' },
    {
      description: 'What another context changes.',
      command: '<%= config.bin %> config explain --context prod --to /bob/prod/math',
    },
  ];

  static override flags = { ...flagsOf(connectionSettings), ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigExplain);
    const color = flags['no-color'] ? 'never' : flags.color;
    const settings = CommandSettings.fromFlags(connectionSettings, flags, this.runtime.env);
    await explain(settings.with(commonSettings.color, color), formatOf(flags), this.runtime);
  }
}
