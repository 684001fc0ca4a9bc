import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { requestsVersion } from '../../lib/cli/frame/argv.js';
import { userAgent } from '../../lib/cli/frame/fast-path-config.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { proxyStartFlags } from '../../lib/cli/proxy/proxy-start-flags.js';
import { proxyStartOptions } from '../../lib/cli/proxy/proxy-start-options.js';

export default class ProxyStart extends BaseCommand {
  static override summary = 'Run a proxy for kites that callers cannot reach directly.';

  static override description =
    'Kites register with the proxy and get a public URL. A reverse proxy connects to the kite to forward a request; a tunnel ' +
    'proxy uses connections that the kite opens. The proxy registers at Kontrol; kites find it there if it runs with the kite ' +
    "key of Kontrol's own user. On SIGTERM and Ctrl-C, its kites move to another proxy, and pending calls have ten seconds to " +
    'finish. With --json, prints one line {"url":…} when it is listening.';

  static override examples = [
    { description: 'Run a reverse proxy for this machine.', command: '<%= config.bin %> proxy start' },
    {
      description: 'Run a public reverse proxy with TLS.',
      command:
        '<%= config.bin %> proxy start --public-host proxy.example.com --port 443 --tls-cert cert.pem --tls-key key.pem',
    },
    {
      description: 'Run a tunnel proxy, for kites behind NAT.',
      command: '<%= config.bin %> proxy start --tunnel --public-host localhost:3999',
    },
    {
      description: 'Use the flags of the Go program.',
      command:
        '<%= config.bin %> proxy start -publicHost=proxy.example.com -publicPort=3999 -cert=cert.pem -key=key.pem -env=prod -region=eu',
    },
  ];

  static override flags = { ...proxyStartFlags, ...outputFlags };

  #versionRequested = false;

  protected override async init(): Promise<void> {
    this.#versionRequested = requestsVersion(this.argv);
    if (this.#versionRequested) this.argv = [];
    await super.init();
  }

  override async run(): Promise<void> {
    if (this.#versionRequested) {
      this.runtime.stdout.write(`${userAgent(this.runtime.version)}\n`);
      return;
    }
    const { flags } = await this.parse(ProxyStart);
    const options = proxyStartOptions(flags, this.runtime.env);
    // Loaded on demand: only this command needs the proxies.
    const { startProxy } = await import('../../lib/cli/proxy/proxy-server.js');
    await startProxy({ ...options, format: formatOf(flags) }, this.runtime);
  }
}
