import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { kontrolStartFlags } from '../../lib/cli/kontrol/kontrol-start-flags.js';
import { kontrolStartOptions } from '../../lib/cli/kontrol/kontrol-start-options.js';

export default class KontrolStart extends BaseCommand {
  static override summary =
    'Run a Kontrol: the registry where kites are found, and which gives out keys and tokens.';

  static override description =
    'The first start makes what is missing, and says where: a key pair, a store, and a kite key of its own, with which ' +
    '"kontrol invite", "kontrol keys" and "kontrol status" work. Ends gracefully on SIGTERM and Ctrl-C. Every flag can be ' +
    'given as a variable too: -postgres-host is KONTROL_POSTGRES_HOST. KONTROL_SECRET encrypts the private keys in ' +
    'PostgreSQL and etcd. With --json one line {"url":…} tells when it listens.';

  static override examples = [
    { description: 'On this machine.', command: '<%= config.bin %> kontrol start' },
    {
      description: 'For other machines, in an etcd cluster.',
      command:
        '<%= config.bin %> kontrol start --ip 0.0.0.0 --kontrolurl https://kontrol.example.com:4000/kite ' +
        '--tlscertfile cert.pem --tlskeyfile key.pem --storage etcd --machines http://10.0.0.1:2379',
    },
    {
      description: "The Go program's spelling, which the program kontrol takes too.",
      command:
        '<%= config.bin %> kontrol start -initial -username=kontrol -kontrolurl=http://127.0.0.1:6000/kite ' +
        '-publickeyfile=certs/key_pub.pem -privatekeyfile=certs/key.pem',
    },
  ];

  static override flags = { ...kontrolStartFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolStart);
    const options = kontrolStartOptions(flags, this.runtime.env);
    // A file of its own: nothing else needs the registry, and it is large.
    const { startKontrol } = await import('../../lib/cli/kontrol/kontrol-server.js');
    await startKontrol({ ...options, format: formatOf(flags), root: this.config.root }, this.runtime);
  }
}
