import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { usageError } from '../lib/cli/runtime/cli-error.js';
import { wholeNumber } from '../lib/cli/target/connection-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { keygen } from '../lib/cli/keys/keygen.js';
import { yesFlag } from '../lib/cli/frame/yes-flag.js';

export default class Keygen extends BaseCommand {
  static override summary = 'Make an RSA key pair as PEM files: key.pem and key_pub.pem.';

  static override description =
    'Nothing that is there is overwritten without --force. With --tls a self-signed certificate for the key pair is made ' +
    'too: cert.pem. With --json the paths are printed as one JSON object.';

  static override examples = [
    { description: 'A key pair in this folder.', command: '<%= config.bin %> keygen' },
    {
      description: 'A key pair and a certificate for a host name and an address.',
      command: '<%= config.bin %> keygen --out certs --tls --host localhost --host 127.0.0.1',
    },
  ];

  static override flags = {
    out: string({
      summary: 'Folder for the files; made if it is not there.',
      helpValue: 'DIR',
      default: '.',
    }),
    bits: string({ summary: 'Size of the key, 2048 to 8192.', helpValue: 'N', default: '2048' }),
    tls: boolean({ default: false, summary: 'Make a self-signed certificate too.' }),
    host: string({
      summary:
        'With --tls: name or address that the certificate is for; may be repeated. Default: localhost.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    days: string({
      summary: 'With --tls: how many days the certificate is valid. Default: 365.',
      helpValue: 'N',
    }),
    force: boolean({
      default: false,
      summary: 'Overwrite files that are there; at a terminal after a question.',
    }),
    yes: yesFlag,
    ...outputFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Keygen);
    const { out, force, yes } = flags;
    if (!flags.tls && (flags.host !== undefined || flags.days !== undefined)) {
      throw usageError('--host and --days are about the certificate that --tls makes.', 'Add --tls.');
    }
    const bits = wholeNumber(flags.bits, 'bits', 2048, 8192);
    const days = wholeNumber(flags.days ?? '365', 'days', 1, 36_500);
    const tls = flags.tls && { hosts: flags.host ?? ['localhost'], days };
    await keygen({ out, bits, tls, force, yes, format: formatOf(flags) }, this.surroundings);
  }
}
