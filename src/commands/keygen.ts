import { boolean, integer, string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { optionalSwitch } from '../lib/cli/settings/flag-kinds.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { keygen } from '../lib/cli/keys/keygen.js';
import { yesFlag } from '../lib/cli/frame/yes-flag.js';

/** The default of --days, which depends on --tls. oclif would count a default as setting the flag. */
const DAYS = 365;

export default class Keygen extends BaseCommand {
  static override summary = 'Create an RSA key pair as PEM files: key.pem and key_pub.pem.';

  static override description =
    'Existing files are not overwritten without --force. With --tls, also creates a self-signed certificate for the key pair ' +
    'in cert.pem. It is valid for this machine (localhost, 127.0.0.1 and ::1) and for each --host. With --json, prints the ' +
    'paths as one JSON object.';

  static override examples = [
    { description: 'Create a key pair in the current folder.', command: '<%= config.bin %> keygen' },
    {
      description: 'Create a key pair, and a certificate for a host name and an address.',
      command: '<%= config.bin %> keygen --out certs --tls --host kite.example.com --host 10.0.0.5',
    },
  ];

  static override flags = {
    out: string({
      summary: 'Folder for the files; created if missing.',
      helpValue: 'DIR',
      default: '.',
    }),
    bits: integer({
      min: 2048,
      max: 8192,
      default: 2048,
      summary: 'Size of the key in bits, from 2048 to 8192.',
      helpValue: 'N',
    }),
    tls: optionalSwitch({ summary: 'Also create a self-signed certificate.' }),
    host: string({
      dependsOn: ['tls'],
      summary: 'With --tls: another host name or address of the certificate. Repeatable.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    days: integer({
      min: 1,
      max: 36_500,
      dependsOn: ['tls'],
      summary: `With --tls: validity of the certificate in days. Default: ${DAYS}.`,
      helpValue: 'N',
    }),
    force: boolean({
      default: false,
      summary: 'Overwrite existing files; asks for confirmation on a terminal.',
    }),
    yes: yesFlag,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Keygen);
    const { out, bits, force, yes } = flags;
    const tls = flags.tls === true && {
      hosts: flags.host ?? [],
      days: flags.days ?? DAYS,
    };
    await keygen({ out, bits, tls, force, yes, format: formatOf(flags) }, this.runtime);
  }
}
