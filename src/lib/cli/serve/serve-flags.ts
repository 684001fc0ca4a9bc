import { boolean, integer, string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { DURATION, NAME } from '../../kite/config/accepted-values.js';
import { serveSettings } from '../settings/serve-settings.js';
import { optionalSwitch, valueFlag } from '../settings/flag-kinds.js';
import { flagsOf } from '../settings/setting-flags.js';

/** The flags of `serve`. */
export const serveFlags = {
  ...flagsOf(serveSettings),
  name: valueFlag(NAME)({ summary: "Name of the kite. Default: the module's file name.", helpValue: 'NAME' }),
  method: string({
    dependsOn: ['exec'],
    summary: 'Name of a method that --exec runs; may be repeated, each with its --exec.',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  exec: string({
    dependsOn: ['method'],
    summary: 'Shell command that answers the calls of --method.',
    description:
      'It reads the arguments of a call as one JSON array on its standard input. What it prints is the result: a JSON value ' +
      'where it is one, else the text. Another exit code than 0 is an error, whose message is the last line on stderr.',
    helpValue: 'COMMAND',
    multiple: true,
    multipleNonGreedy: true,
  }),
  parallel: integer({
    min: 1,
    max: 1000,
    dependsOn: ['exec'],
    summary: 'With --exec: most commands that run at once; other calls wait. Default: 8.',
    helpValue: 'N',
  }),
  timeout: valueFlag(DURATION)({
    dependsOn: ['exec'],
    summary: 'With --exec: how long a command may take: 4 or 4s, 500ms, 1m; 0 is any time. Default: 30s.',
    helpValue: 'DURATION',
  }),
  register: optionalSwitch({ summary: 'Register at Kontrol, and stay registered.' }),
  'no-auth': boolean({
    default: false,
    summary:
      'Let everybody call who reaches the kite. Without it a caller needs a kite key or token of yours.',
  }),
  'system-info': boolean({
    default: false,
    summary: 'Answer kite.systemInfo, which "top" asks for: load, memory, disk, home folder, system.',
  }),
};

/** The values of `serveFlags`. */
export type ServeFlags = InferredFlags<typeof serveFlags>;
