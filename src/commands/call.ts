import { string } from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/frame/base-command.js';
import { call } from '../lib/cli/call/call.js';
import { callFlags, callOptions } from '../lib/cli/call/call-flags.js';

export default class Call extends BaseCommand {
  static override summary = 'Call a method of a kite and print its result as JSON.';

  static override description =
    'An argument that is valid JSON is sent as JSON, any other as a string: 4 is a number, text is "text". A word that begins with ' +
    '{, [ or " and is not valid JSON is an error. Numbers are sent and printed as they are written. A lone - or @- reads an argument ' +
    'from standard input, and @PATH reads one from a file; @json:PATH requires JSON, @text:PATH sends the content as a string, ' +
    '@bytes:PATH as bytes, @stream:PATH as a stream of bytes, and @@TEXT is a string that begins with @. --string sends all words as ' +
    'they are. The items of a method that streams are printed as they come, one per line. Bytes are printed in base64, or as they are ' +
    'with --raw. Only the result is printed to stdout; log output of the kite (kite.log, kite.print) is printed to stderr.';

  static override examples = [
    {
      description: 'Call the method square of a local kite.',
      command: '<%= config.bin %> call square 4 --to http://localhost:3636/kite',
    },
    {
      description: 'Pass JSON, a string, a Boolean and a negative number.',
      command: `<%= config.bin %> call echo '{"a":[1,2]}' text true -4 --to http://localhost:3636/kite`,
    },
    {
      description: 'Pass an object: a string, a number and the content of a file.',
      command:
        '<%= config.bin %> call echo -f name=bob -F count=4 -F key=@text:notes.txt --to http://localhost:3636/kite',
    },
    {
      description: 'Make one call per line of input, 64 at a time, over one connection.',
      command:
        'seq 1 1000 | <%= config.bin %> call square --stdin --parallel 64 --to http://localhost:3636/kite',
    },
    {
      description: 'Print the items of a stream as they come. Ctrl-C cancels the call at the kite.',
      command: '<%= config.bin %> call tail /var/log/syslog --raw --to http://localhost:3636/kite',
    },
    {
      description: 'Send a file as a stream, of any size.',
      command: '<%= config.bin %> call upload backup.tar @stream:backup.tar --to http://localhost:3636/kite',
    },
    {
      description: 'Send the bytes of a file, and write the bytes of the result to another.',
      command:
        '<%= config.bin %> call thumbnail @bytes:cat.png --raw --to http://localhost:3636/kite > small.png',
    },
    {
      description: 'Call all math kites, and print what each answers.',
      command: '<%= config.bin %> call square 4 --to /bob/prod/math --all',
    },
    {
      description: 'Try again while the kites restart.',
      command: '<%= config.bin %> call square 4 --to /bob/prod/math --retry 5',
    },
  ];

  static override args = {
    method: string({ description: 'Name of the method.', required: true, ignoreStdin: true }),
    args: string({ description: 'Arguments of the call.', multiple: true, ignoreStdin: true }),
  };

  static override flags = callFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Call);
    await call(callOptions(args.method, args.args ?? [], flags, this.runtime.env), this.runtime);
  }
}
