import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { kontrolFlags, kontrolOptions } from '../lib/cli/target/kontrol-flags.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { queryFieldFlags, queryFields } from '../lib/cli/query/query-fields.js';
import { query } from '../lib/cli/query/query-kites.js';

export default class Query extends BaseCommand {
  static override summary = 'List kites that are registered at Kontrol.';

  static override description =
    'A query is a path /user/environment/name/version/region/hostname/id; fields at the end can be omitted. The version can be ' +
    'a constraint, such as ">= 1.0, < 2.0". In each field, * matches any text and ? one character, unless a backslash is before it. ' +
    'Quote such a query: a shell replaces it with the paths of files that match, such as /home/bob/math for /home/*/math. Prints ' +
    'a table on a terminal, and a number, path and URL, separated by tabs, otherwise; with --json, an array of ' +
    '{kite,url,registeredAt}. A kite whose connection to Kontrol has dropped is silent: with --json it has silentSince, and ' +
    '-o wide shows since when. It is removed soon unless it returns.';

  static override examples = [
    { description: 'List your kites.', command: '<%= config.bin %> query' },
    { description: 'List the math kites of bob.', command: '<%= config.bin %> query /bob/prod/math' },
    {
      description: 'List the math kites of bob in all environments.',
      command: "<%= config.bin %> query '/bob/*/math'",
    },
    {
      description: 'List the math kites of bob, with the flags of the Go tool.',
      command: '<%= config.bin %> query -username=bob -environment=prod -name=math',
    },
    {
      description: 'List and watch kites of certain versions, and print JSON.',
      command: '<%= config.bin %> query "/bob/prod/math/>= 1.0, < 2.0" --watch --json',
    },
  ];

  static override args = {
    path: string({
      description: 'Query; / finds every kite that you may find. Default: your kites.',
      ignoreStdin: true,
    }),
  };

  static override flags = {
    ...kontrolFlags,
    ...outputFlags,
    ...queryFieldFlags,
    watch: boolean({
      default: false,
      summary: 'Keep running, and print each change: REGISTER, SILENT or DEREGISTER, path and URL.',
      description: 'With --json, prints one line {"action":…,"kite":…,"url":…} per kite and per change.',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Query);
    const { path } = args;
    const fields = queryFields(flags, path);
    const options = kontrolOptions(flags, this.runtime.env);
    await query({ ...options, path, fields, watch: flags.watch, format: formatOf(flags) }, this.runtime);
  }
}
