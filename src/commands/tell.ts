import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { call } from '../lib/cli/call/call.js';
import { callFlags, callOptions } from '../lib/cli/call/call-flags.js';

export default class Tell extends BaseCommand {
  static override summary = 'Call a method, like call, with the flags of the Go tool.';

  static override examples = [
    {
      description: 'Call the method square.',
      command: '<%= config.bin %> tell -to=http://localhost:3636/kite -method=square 4',
    },
  ];

  static override args = {
    args: stringArg({ description: 'Arguments of the call.', multiple: true, ignoreStdin: true }),
  };

  static override flags = {
    ...callFlags,
    method: string({ summary: 'Name of the method.', helpValue: 'NAME', required: true }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Tell);
    await call(callOptions(flags.method, args.args ?? [], flags, this.runtime.env), this.runtime);
  }
}
