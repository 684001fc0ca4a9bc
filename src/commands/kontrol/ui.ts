import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { printUiLink } from '../../lib/cli/kontrol/ui-link.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';

export default class KontrolUi extends BaseCommand {
  static override summary = "Print a link that opens Kontrol's page, where you are signed in.";

  static override description =
    'The link works once, for two minutes. Your kite key stays here: the page gets a token with which it finds kites and calls ' +
    'those that you may call. Where you have no kite key, and Kontrol runs on this machine, it is its own user that signs in.';

  static override examples = [
    { description: 'A link to open, as you.', command: '<%= config.bin %> kontrol ui' },
    { description: 'See the kites of all users.', command: '<%= config.bin %> kontrol ui --admin' },
  ];

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    admin: boolean({
      default: false,
      summary: "Sign in as Kontrol's own user, who sees every kite. Where Kontrol runs, or with --key-file.",
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
