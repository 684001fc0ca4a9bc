import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { printUiLink } from '../../lib/cli/kontrol/ui-link.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KontrolUi extends BaseCommand {
  static override summary = "Print a sign-in link for Kontrol's web page.";

  static override description =
    'The link works once and expires after two minutes. Your kite key is not sent to the page: the page gets a token, with ' +
    'which it can find and call the kites that you may call. Without a kite key, and if Kontrol runs on this machine, the link ' +
    "signs in as Kontrol's own user.";

  static override examples = [
    { description: 'Print a link to sign in as yourself.', command: '<%= config.bin %> kontrol ui' },
    {
      description: 'Print a link to see the kites of all users.',
      command: '<%= config.bin %> kontrol ui --admin',
    },
  ];

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    admin: boolean({
      default: false,
      summary: "Sign in as Kontrol's own user, who sees every kite; requires its kite key.",
    }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolUi);
    const { admin } = flags;
    await printUiLink(
      { ...kontrolOptions(flags, this.runtime.env), admin, format: formatOf(flags) },
      this.runtime,
    );
  }
}
