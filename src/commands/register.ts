import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { CommandSettings } from '../lib/cli/settings/command-settings.js';
import { registerSettings } from '../lib/cli/settings/register-settings.js';
import { flagsOf } from '../lib/cli/settings/setting-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { register } from '../lib/cli/register/register.js';
import { registerTarget } from '../lib/cli/register/register-target.js';

export default class Register extends BaseCommand {
  static override summary = 'Get a kite key from Kontrol, for all kites of yours on this machine.';

  static override description =
    'Kontrol requires an invite unless registration is open. The key is written to kite.key in $KITE_HOME or ~/.kite, ' +
    'readable by you alone, or put into the keychain with --key-store keychain, which the context remembers. One that is ' +
    'there is not replaced without --force. At a terminal you are asked for what is missing.';

  static override examples = [
    {
      description: 'Become bob at a Kontrol on this machine.',
      command: '<%= config.bin %> register --to http://127.0.0.1:4000/kite --username bob',
    },
    {
      description: 'With the key in the keychain of your desktop.',
      command:
        '<%= config.bin %> register --to http://127.0.0.1:4000/kite --username bob --key-store keychain',
    },
    {
      description: 'The same in a script.',
      command:
        '<%= config.bin %> register --to http://127.0.0.1:4000/kite --username bob --invite-file invite.txt',
    },
  ];

  static override flags = {
    ...flagsOf(registerSettings),
    'invite-file': string({
      summary: 'File with the invite; - is the standard input. Default: you are asked.',
      helpValue: 'PATH',
    }),
    force: boolean({ default: false, summary: 'Replace the kite key that is there.' }),
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
