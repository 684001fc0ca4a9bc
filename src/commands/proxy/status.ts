import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { proxyStatus } from '../../lib/cli/proxy/proxy-status.js';
import { requireUrl } from '../../lib/cli/target/target.js';

export default class ProxyStatus extends BaseCommand {
  static override summary = 'Show the kites behind the proxies, and their traffic.';

  static override description =
    'Queries every proxy that is registered at Kontrol. Requires the kite key of the proxies: run this command on the machine ' +
    'of a proxy or of Kontrol, or pass the key with --key-file.';

  static override examples = [
    { description: 'Show the kites as a table.', command: '<%= config.bin %> proxy status' },
    {
      description: 'Query one proxy, and print JSON.',
      command: '<%= config.bin %> proxy status --to https://proxy.example.com/kite --json',
    },
  ];

  static override flags = {
    to: string({
      summary: 'URL of a proxy. Default: every proxy that is registered at Kontrol.',
      helpValue: 'URL',
    }),
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
