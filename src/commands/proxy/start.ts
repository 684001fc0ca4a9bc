import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { proxyStartFlags } from '../../lib/cli/proxy/proxy-start-flags.js';
import { proxyStartOptions } from '../../lib/cli/proxy/proxy-start-options.js';

export default class ProxyStart extends BaseCommand {
  static override summary =
    'Run a proxy, behind which kites are reached that callers cannot reach themselves.';

  static override description =
    'Kites register with it, and it passes on to them what comes in under their public URL: a reverse proxy by connecting ' +
    'to the kite, a tunnel proxy through connections that the kite opens. Registers itself at Kontrol, ' +
    'where kites find it when it runs with the kite key of Kontrol’s own user. On SIGTERM and Ctrl-C its kites move to ' +
    'another proxy, and what is running has ten seconds to finish. With --json one line {"url":…} tells when it listens.';

  static override examples = [
    { description: 'On this machine.', command: '<%= config.bin %> proxy start' },
    {
      description: 'For others, with TLS.',
      command:
        '<%= config.bin %> proxy start --public-host proxy.example.com --port 443 --tls-cert cert.pem --tls-key key.pem',
    },
    {
      description: 'For kites behind NAT.',
      command: '<%= config.bin %> proxy start --tunnel --public-host localhost:3999',
    },
    {
      description: "The Go program's spelling.",
      command:
        '<%= config.bin %> proxy start -publicHost=proxy.example.com -publicPort=3999 -cert=cert.pem -key=key.pem -env=prod -region=eu',
    },
  ];

  static override flags = { ...proxyStartFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ProxyStart);
    const options = proxyStartOptions(flags, this.runtime.env);
    // A file of its own: nothing else needs the proxies.
    const { startProxy } = await import('../../lib/cli/proxy/proxy-server.js');
    await startProxy({ ...options, format: formatOf(flags) }, this.runtime);
  }
}
