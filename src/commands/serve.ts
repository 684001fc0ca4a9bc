import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { serve } from '../lib/cli/serve/serve.js';
import { serveFlags } from '../lib/cli/serve/serve-flags.js';
import { serveOptions } from '../lib/cli/serve/serve-options.js';

export default class Serve extends BaseCommand {
  static override summary = 'Run a kite from shell commands or a JavaScript module.';

  static override description =
    'A shell command receives the arguments of a call as a JSON array on standard input; they never become part of the command ' +
    'line. If the call times out or the caller disconnects, the command and its child processes are killed. A function of a ' +
    'module receives the arguments of a call, and the request as "this": this.signal aborts when the caller gives up. "describe" ' +
    'shows its properties description and jsonSchema. SIGTERM and Ctrl-C shut the kite down gracefully. With --json, prints one ' +
    'line {"url":…,"kite":…} when it is listening. /healthz and /readyz are for probes. --instances runs several processes, and ' +
    'starts one again that ends; with --json, each prints a line {"instance":…,"url":…,"kite":…} whenever it has started.';

  static override examples = [
    {
      description: 'Serve a shell command, which needs jq.',
      command: `<%= config.bin %> serve --name math --method square --exec 'jq ".[0]*.[0]"' --port 3636`,
    },
    {
      description: 'Serve two methods to local callers without authentication.',
      command:
        '<%= config.bin %> serve --name host --method date --exec date --method uptime --exec uptime --no-auth',
    },
    {
      description: 'Stream lines of text as strings.',
      command:
        "<%= config.bin %> serve --name host --method users --exec 'cut -d: -f1 /etc/passwd' --result lines",
    },
    {
      description: 'Serve the functions of a module, and register the kite at Kontrol.',
      command: '<%= config.bin %> serve ./kite.js --register --environment prod',
    },
    {
      description: 'Use two cores: run two processes, each registered under the same name.',
      command: '<%= config.bin %> serve ./kite.js --register --instances 2',
    },
  ];

  static override args = {
    module: string({
      description: 'JavaScript file whose exported functions become methods.',
      ignoreStdin: true,
    }),
  };

  static override flags = { ...serveFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Serve);
    await serve({ ...serveOptions(args.module, flags, this.runtime), format: formatOf(flags) }, this.runtime);
  }
}
