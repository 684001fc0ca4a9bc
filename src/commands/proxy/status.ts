import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { proxyStatus } from '../../lib/cli/proxy/proxy-status.js';
import { requireUrl } from '../../lib/cli/target/target.js';

export default class ProxyStatus extends BaseCommand {
  static override summary = 'Show who is behind the proxies: since when, with how many sessions and bytes.';

  static override description =
    'Asks every proxy that Kontrol knows. Needs the kite key that the proxies run with, so run it where they or Kontrol ' +
    'run, or name the key with --key-file.';

  static override examples = [
    { description: 'As a table.', command: '<%= config.bin %> proxy status' },
    {
      description: 'Of one proxy, for a program.',
      command: '<%= config.bin %> proxy status --to https://proxy.example.com/kite --json',
    },
  ];

  static override flags = {
    to: string({ summary: 'URL of one proxy. Default: all that Kontrol knows.', helpValue: 'URL' }),
    ...kontrolFlags,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ProxyStatus);
    const to = flags.to === undefined ? undefined : requireUrl(flags.to, '--to');
    await proxyStatus(
      { ...kontrolOptions(flags, this.runtime.env), to, format: formatOf(flags) },
      this.runtime,
    );
  }
}
