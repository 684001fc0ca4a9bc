import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { formatOf, outputFlags } from '../lib/cli/terminal/output-format.js';
import { expose } from '../lib/cli/expose/expose.js';
import { exposeFlags, exposeOptions } from '../lib/cli/expose/expose-flags.js';

export default class Expose extends BaseCommand {
  static override summary = 'Let others call a kite that they cannot reach, through a tunnel proxy.';

  static override description =
    'The kite stays as it is. It is registered at Kontrol as yours, under the name that you give, and each caller is ' +
    'connected to it. The kite authenticates them: for tokens of Kontrol to be good, it must have a kite key of yours, ' +
    'and this name and environment; what it tells of itself is looked at. Runs until Ctrl-C or SIGTERM, and stays registered when the proxy goes, with ' +
    'another one. With --json each event is a line: registered, opened, closed, failed.';

  static override examples = [
    {
      description: 'A kite of this machine, as /you/prod/math.',
      command: '<%= config.bin %> expose http://localhost:3636 --name math',
    },
    {
      description: 'One of kite.js, which speaks raw WebSocket, through a proxy that is named.',
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
