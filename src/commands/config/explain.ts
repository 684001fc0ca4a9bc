import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { explain } from '../../lib/cli/config/explain.js';
import { CommandSettings } from '../../lib/cli/settings/command-settings.js';
import { commonSettings } from '../../lib/cli/settings/common-settings.js';
import { connectionSettings } from '../../lib/cli/settings/connection-settings.js';
import { flagsOf } from '../../lib/cli/settings/setting-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class ConfigExplain extends BaseCommand {
  static override summary = 'Show each setting, its value and its source.';

  static override description =
    'In order of precedence, a setting comes from a flag, the environment, the context, the kite key or its default. Pass ' +
    'flags of other commands to see their effect. Secrets are hidden.';

  static override examples = [
    { description: 'Show the settings in use.', command: '<%= config.bin %> config explain' },
    {
      description: 'Show the effect of a context and a flag.',
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
