import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { query } from '../lib/cli/query/query.js';

export default class Query extends BaseCommand {
  static override summary = 'List the kites that are registered at Kontrol.';

  static override description =
    'A query is /user/environment/name/version/region/hostname/id, of which the end may be missing; the version may be a ' +
    'constraint. Prints a table on a terminal, and elsewhere a number, the path of the kite and its URL, with tabs ' +
    'between them. With --json it is one JSON array of {kite,url}.';

  static override examples = [
    { description: 'All of yours.', command: '<%= config.bin %> query' },
    { description: 'The math kites of bob.', command: '<%= config.bin %> query /bob/prod/math' },
    {
      description: 'Those of some versions, and each change from then on, for a program.',
      command: '<%= config.bin %> query "/bob/prod/math/>= 1.0, < 2.0" --watch --json',
    },
  ];

  static override args = {
    path: string({
      description: 'Which kites; / is all that you may find. Default: yours.',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    watch: boolean({
      default: false,
      summary: 'Go on, and print each change: REGISTER or DEREGISTER, the path and the URL.',
      description: 'With --json each kite and each change is one line, {"action":…,"kite":…,"url":…}.',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Query);
    const { watch } = flags;
    await query(
      { ...kontrolOptions(flags, this.runtime.env), path: args.path, watch, format: formatOf(flags) },
      this.runtime,
    );
  }
}
