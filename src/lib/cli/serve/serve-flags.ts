import { boolean, integer, option, string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { DURATION, NAME } from '../../kite/config/accepted-values.js';
import { formatDuration } from '../../util/duration.js';
import { resultTypes } from './command-result.js';
import { childFlags } from '../settings/child-environment.js';
import { serveSettings } from '../settings/serve-settings.js';
import { optionalSwitch, valueFlag } from '../settings/flag-kinds.js';
import { INSTANCES } from '../runtime/command-limits.js';
import { flagsOf } from '../settings/setting-flags.js';

/** The defaults of flags that depend on --exec. oclif would count a default as setting the flag. */
export const execDefaults = { parallel: 8, timeout: 30_000 };

/** The flags of `serve`. */
export const serveFlags = {
  ...flagsOf(serveSettings),
  name: valueFlag(NAME)({
    summary: "Name of the kite. Default: the module's file name, or the first --method.",
    helpValue: 'NAME',
  }),
  method: string({
    dependsOn: ['exec'],
    summary: 'Name of a method that --exec implements. Repeatable, each with its own --exec.',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  exec: string({
    dependsOn: ['method'],
    summary: 'Shell command that handles the calls of --method.',
    description:
      'The command reads the arguments of a call from standard input as one JSON array. Its output is the result; see --result. A ' +
      'nonzero exit code is an error with the last line of stderr as the message.',
    helpValue: 'COMMAND',
    multiple: true,
    multipleNonGreedy: true,
  }),
  result: option({
    dependsOn: ['exec'],
    summary: 'With --exec: what the output becomes: auto, json, text, lines or bytes. Default: auto.',
    description:
      'auto: null if the output is empty, a JSON value if it is valid JSON, otherwise a string. json: a JSON value; other output is an ' +
      'error. text: a string without its last newline. lines: a stream of strings, one per line, while the command runs. bytes: ' +
      'bytes, or base64 for callers that cannot receive bytes. If there are several --exec, pass one --result for each.',
    options: resultTypes,
    helpValue: 'TYPE',
    multiple: true,
    multipleNonGreedy: true,
  })(),
  parallel: integer({
    min: 1,
    max: 1000,
    dependsOn: ['exec'],
    summary: `With --exec: maximum number of commands that run concurrently; other calls wait. Default: ${execDefaults.parallel}.`,
    helpValue: 'N',
  }),
  timeout: valueFlag(DURATION)({
    dependsOn: ['exec'],
    summary: `With --exec: timeout of a command: 4 or 4s, 500ms, 1m; 0 disables it. Default: ${formatDuration(execDefaults.timeout)}.`,
    description:
      'The default does not apply to a stream of lines whose caller can cancel it: its command runs until it ends or the caller leaves.',
    helpValue: 'DURATION',
  }),
  ...childFlags,
  instances: integer({
    min: 1,
    max: INSTANCES,
    summary: 'Run N processes with the same kite, to use several cores. One that ends is started again.',
    description:
      'Each registers by itself and listens on its own port: --port, the next ones, or, with port 0, any free ports. With --advertise, the ' +
      'port of the URL counts up as well. --parallel, rate limits and the memory of a module are those of each instance.',
    helpValue: 'N',
  }),
  register: optionalSwitch({ summary: 'Register at Kontrol and stay registered.' }),
  'no-auth': boolean({
    default: false,
    summary: 'Allow unauthenticated calls. By default, callers need a kite key or token of yours.',
  }),
  'system-info': boolean({
    default: false,
    summary: 'Enable kite.systemInfo, which "top" calls: load, memory, disk, home folder, system.',
  }),
};

/** The values of `serveFlags`. */
export type ServeFlags = InferredFlags<typeof serveFlags>;
