import { string as stringArg } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';

export default class Install extends BaseCommand {
  static override summary = 'Install a kite: from a manifest, GitHub, npm, an archive or a folder.';

  static override description =
    'A manifest, .kite.json, says name, version and for each platform (linux_amd64, darwin_arm64, any, …) the URL of a ' +
    'tar.gz and its sha256. Everything comes over https, and without a digest nothing is installed, unless --insecure says ' +
    'so. A package of npm names its program as "kite" in its package.json; its scripts do not run. An archive or a folder ' +
    'has its .kite.json, and the program as bin/NAME. A kite that is not whole, or that would write outside its folder, ' +
    'leaves nothing behind. It goes to kites/DOMAIN/USER/REPO/VERSION in $KITE_HOME or ~/.kite.';

  static override examples = [
    {
      description: 'The kite of a repository.',
      command: '<%= config.bin %> install github.com/bob/math.kite',
    },
    {
      description: 'By its manifest, with a digest that is known from elsewhere.',
      command: '<%= config.bin %> install https://example.com/bob/math/.kite.json --sha256 9f86d0…',
    },
    { description: 'A package of npm.', command: '<%= config.bin %> install @bob/math' },
    { description: 'What was built here.', command: '<%= config.bin %> install ./math-1.0.0.tar.gz' },
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
      summary: 'Digest that the archive must have, whatever the manifest says.',
      helpValue: 'HEX',
    }),
    insecure: boolean({ default: false, summary: 'Install an archive for which nobody names a digest.' }),
    force: boolean({ default: false, summary: 'Replace the same version, if it is installed.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Install);
    const { sha256, insecure, force } = flags;
    const { install } = await import('../lib/cli/kites/installed-kites.js');
    await install({ source: args.source, sha256, insecure, force, format: formatOf(flags) }, this.runtime);
  }
}
