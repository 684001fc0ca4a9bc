import { string as stringArg } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Install extends BaseCommand {
  static override summary = 'Install a kite from a manifest, GitHub, npm, archive or folder.';

  static override description =
    'A manifest (.kite.json) contains the name and version of the kite and, for each platform (linux_amd64, darwin_arm64, any, …), ' +
    'the URL and SHA-256 digest of a tar.gz archive. Downloads use HTTPS, and require a digest unless --insecure is set. An npm ' +
    'package sets "kite" in its package.json to the path of its program; its install scripts do not run. An archive or folder ' +
    'contains .kite.json and the program as bin/NAME. Kites are installed in kites/DOMAIN/USER/REPO/VERSION in $KITE_HOME or ' +
    '~/.kite. A failed installation leaves no files behind.';

  static override examples = [
    {
      description: 'Install from a GitHub repository.',
      command: '<%= config.bin %> install github.com/bob/math.kite',
    },
    {
      description: 'Install from a manifest, and verify the digest.',
      command: '<%= config.bin %> install https://example.com/bob/math/.kite.json --sha256 9f86d0…',
    },
    { description: 'Install an npm package.', command: '<%= config.bin %> install @bob/math' },
    { description: 'Install a local archive.', command: '<%= config.bin %> install ./math-1.0.0.tar.gz' },
  ];

  static override args = {
    source: stringArg({
      description: 'URL of a manifest, github.com/USER/REPO, npm package, archive or folder.',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...outputFlags,
    sha256: string({
      summary: 'Required digest of the archive; overrides the manifest.',
      helpValue: 'HEX',
    }),
    insecure: boolean({ default: false, summary: 'Allow an archive without a digest.' }),
    force: boolean({ default: false, summary: 'Replace the same version if it is installed.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Install);
    const { sha256, insecure, force } = flags;
    const { install } = await import('../lib/cli/kites/kite-commands.js');
    await install({ source: args.source, sha256, insecure, force, format: formatOf(flags) }, this.runtime);
  }
}
