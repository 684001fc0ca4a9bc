import { BaseCommand } from '../../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../../lib/cli/terminal/output-format.js';
import { kontrolStartFlags } from '../../lib/cli/kontrol/kontrol-start-flags.js';
import { kontrolStartOptions } from '../../lib/cli/kontrol/kontrol-start-options.js';

export default class KontrolStart extends BaseCommand {
  static override summary = 'Run a Kontrol, the registry that issues keys and tokens.';

  static override description =
    'The first start creates a key pair, a data folder and the kite key of Kontrol, which "kontrol invite", "kontrol keys" and ' +
    '"kontrol status" use, and prints where they are. SIGTERM and Ctrl-C shut it down gracefully. Most flags can also be set ' +
    'with an environment variable, such as KONTROL_POSTGRES_HOST for --postgres-host. KONTROL_SECRET encrypts the private ' +
    'keys in PostgreSQL and etcd. With --json, prints one line {"url":…} when it is listening.';

  static override examples = [
    { description: 'Run a Kontrol for this machine.', command: '<%= config.bin %> kontrol start' },
    {
      description: 'Run a Kontrol for other machines, with its data in etcd.',
      command:
        '<%= config.bin %> kontrol start --ip 0.0.0.0 --kontrolurl https://kontrol.example.com:4000/kite ' +
        '--tlscertfile cert.pem --tlskeyfile key.pem --storage etcd --machines http://10.0.0.1:2379',
    },
    {
      description: 'Use the flags of the Go program, which the kontrol command also accepts.',
      command:
        '<%= config.bin %> kontrol start -initial -username=kontrol -kontrolurl=http://127.0.0.1:6000/kite ' +
        '-publickeyfile=certs/key_pub.pem -privatekeyfile=certs/key.pem',
    },
  ];

  static override flags = { ...kontrolStartFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KontrolStart);
    const options = kontrolStartOptions(flags, this.runtime.env);
    // Loaded on demand: the registry is large.
    const { startKontrol } = await import('../../lib/cli/kontrol/kontrol-server.js');
    await startKontrol({ ...options, format: formatOf(flags), root: this.config.root }, this.runtime);
  }
}
