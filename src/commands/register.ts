import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { CommandSettings } from '../lib/cli/settings/command-settings.js';
import { registerSettings } from '../lib/cli/settings/register-settings.js';
import { flagsOf } from '../lib/cli/settings/setting-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { register } from '../lib/cli/register/register.js';
import { registerTarget } from '../lib/cli/register/register-target.js';

export default class Register extends BaseCommand {
  static override summary = 'Get a kite key from Kontrol, for your kites on this machine.';

  static override description =
    'Kontrol requires an invite unless registration is open. The key is written to kite.key in $KITE_HOME or ~/.kite, readable ' +
    'only by you, or stored in the keychain with --key-store keychain. An existing key is not replaced without --force. On a ' +
    'terminal, prompts for missing values.';

  static override examples = [
    {
      description: 'Register as bob at a local Kontrol.',
      command: '<%= config.bin %> register --to http://127.0.0.1:4000/kite --username bob',
    },
    {
      description: 'Store the key in the keychain.',
      command:
        '<%= config.bin %> register --to http://127.0.0.1:4000/kite --username bob --key-store keychain',
    },
    {
      description: 'Register in a script.',
      command:
        '<%= config.bin %> register --to http://127.0.0.1:4000/kite --username bob --invite-file invite.txt',
    },
  ];

  static override flags = {
    ...flagsOf(registerSettings),
    'invite-file': string({
      summary: 'File with the invite; - for standard input. Default: prompt for it.',
      helpValue: 'PATH',
    }),
    force: boolean({ default: false, summary: 'Replace an existing kite key.' }),
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Register);
    const settings = CommandSettings.fromFlags(registerSettings, flags, this.runtime.env);
    await register(
      {
        ...(await registerTarget(settings, this.runtime)),
        settings,
        inviteFile: flags['invite-file'],
        force: flags.force,
        format: formatOf(flags),
      },
      this.runtime,
    );
  }
}
