import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { expose } from '../lib/cli/expose/expose.js';
import { exposeFlags, exposeOptions } from '../lib/cli/expose/expose-flags.js';

export default class Expose extends BaseCommand {
  static override summary = 'Make a kite reachable through a tunnel proxy.';

  static override description =
    'Registers the kite at Kontrol under your user and the given name, and connects each caller to it. The kite needs no ' +
    'changes, but it authenticates its callers: to accept tokens of Kontrol, it must use one of your kite keys and the same ' +
    'name and environment, which expose checks at the start. Runs until Ctrl-C or SIGTERM; if the proxy shuts down, it ' +
    'switches to another one. With --json, prints one line per event: registered, opened, closed, failed.';

  static override examples = [
    {
      description: 'Expose a local kite as /USER/prod/math.',
      command: '<%= config.bin %> expose http://localhost:3636 --name math',
    },
    {
      description: 'Expose a kite.js kite, which uses raw WebSockets, through a given proxy.',
      command:
        '<%= config.bin %> expose ws://localhost:7780 --name files --to https://tunnel.example.com/kite',
    },
  ];

  static override args = {
    url: string({ description: 'URL of the kite.', required: true, ignoreStdin: true }),
  };

  static override flags = { ...exposeFlags, ...outputFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Expose);
    const options = exposeOptions(args.url, flags, this.runtime.env);
    await expose({ ...options, format: formatOf(flags) }, this.runtime);
  }
}
