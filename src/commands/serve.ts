import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { serve } from '../lib/cli/serve/serve.js';
import { serveFlags } from '../lib/cli/serve/serve-flags.js';
import { serveOptions } from '../lib/cli/serve/serve-options.js';

export default class Serve extends BaseCommand {
  static override summary = 'Make a kite out of shell commands, or of the functions that a module exports.';

  static override description =
    'A command gets the arguments of a call as a JSON array on its standard input, and nowhere else: no text of a caller ' +
    'becomes part of a command line. It is ended, with all that it started, when its time is over or its caller is gone. A ' +
    'function of a module is called with the arguments; "this" is the request, and the properties description and ' +
    'jsonSchema of the function are what "describe" shows. Ends gracefully on SIGTERM and Ctrl-C. With --json one line ' +
    '{"url":…,"kite":…} tells when it listens.';

  static override examples = [
    {
      description: 'A kite of one shell command, which needs jq.',
      command: `<%= config.bin %> serve --name math --method square --exec 'jq ".[0]*.[0]"' --port 3636`,
    },
    {
      description: 'Two methods that need no kite key, for everybody on this machine.',
      command:
        '<%= config.bin %> serve --name host --method date --exec date --method uptime --exec uptime --no-auth',
    },
    {
      description: 'The functions that a module exports, registered at Kontrol.',
      command: '<%= config.bin %> serve ./kite.js --register --environment prod',
    },
  ];

  static override args = {
    module: string({
      description: 'JavaScript file whose exported functions are methods.',
      ignoreStdin: true,
    }),
  };

  static override flags = { ...serveFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Serve);
    await serve(
      { ...serveOptions(args.module, flags, this.runtime.env), format: formatOf(flags) },
      this.runtime,
    );
  }
}
