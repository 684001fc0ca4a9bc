import { describe, expect, it } from 'vitest';
import { kontrolStartFlags } from '../../../../src/lib/cli/kontrol/kontrol-start-flags.js';
import { kontrolStartOptions } from '../../../../src/lib/cli/kontrol/kontrol-start-options.js';
import { proxyStartFlags } from '../../../../src/lib/cli/proxy/proxy-start-flags.js';
import { proxyStartOptions } from '../../../../src/lib/cli/proxy/proxy-start-options.js';
import { serveFlags } from '../../../../src/lib/cli/serve/serve-flags.js';
import { serveOptions } from '../../../../src/lib/cli/serve/serve-options.js';
import { limitSettings } from '../../../../src/lib/cli/settings/limit-settings.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { defaultProxyLimits } from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

type Env = Readonly<Record<string, string>>;

/** The commands that run a server: the limits of a command line, and all that can be set. */
const COMMANDS = [
  {
    command: 'serve',
    all: defaultLimits,
    accept: limitSettings.serve.accept,
    limits: async (line: string, env: Env) =>
      serveOptions('./kite.js', await parseFlags(serveFlags, line), { env }).limits,
  },
  {
    command: 'kontrol start',
    all: defaultKontrolLimits,
    accept: limitSettings.kontrolStart.accept,
    limits: async (line: string, env: Env) =>
      kontrolStartOptions(await parseFlags(kontrolStartFlags, line), env).limits,
  },
  {
    command: 'proxy start',
    all: defaultProxyLimits,
    accept: limitSettings.proxyStart.accept,
    limits: async (line: string, env: Env) =>
      proxyStartOptions(await parseFlags(proxyStartFlags, line), env).limits,
  },
] as const;

describe.each(COMMANDS)('--limit of $command', ({ command, all, accept, limits }) => {
  it(`--limit of ${command} sets each limit, from the flag and from KITE_LIMITS`, async () => {
    for (const name of Object.keys(all)) {
      const expected = { [name]: 7 };
      expect(await limits(`--limit ${name}=7`, {})).toEqual(expected);
      expect(await limits('', { KITE_LIMITS: `${name}=7` })).toEqual(expected);
    }
    console.log(`--limit of ${command}: ${Object.keys(all).length} limits set`);
  });

  it(`--limit of ${command} is repeatable, replaces KITE_LIMITS, and is empty by default`, async () => {
    const env = { KITE_LIMITS: 'sessions=1' };
    expect(await limits('--limit messageBytes=5 --limit sessions=0', env)).toEqual({
      messageBytes: 5,
      sessions: 0,
    });
    expect(await limits('', { KITE_LIMITS: 'messageBytes=5, sessions=2' })).toEqual({
      messageBytes: 5,
      sessions: 2,
    });
    expect(await limits('', {})).toEqual({});
  });

  it.each([
    'messageBytes',
    'messageBytes=',
    'messageBytes=1MB',
    'messageBytes=-1',
    'mesageBytes=1',
    '=1',
    'toString=1',
  ])(`--limit of ${command} rejects %s`, async (text) => {
    await expect(limits(`--limit ${text}`, {})).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`--limit is ${JSON.stringify(text)}; it must be NAME=VALUE`) as string,
    });
    await expect(limits('', { KITE_LIMITS: text })).rejects.toMatchObject({
      code: 'badValue',
      message: expect.stringContaining('The environment variable KITE_LIMITS is ') as string,
    });
  });

  it(`--limit of ${command} accepts only the limits of this server`, () => {
    const server = { serve: 'a kite', 'kontrol start': 'Kontrol', 'proxy start': 'a proxy' }[command];
    expect(accept.description).toContain(`the name of a limit of ${server} (docs/limits.md)`);
  });

  it(`--limit of ${command} completes the names of limits`, () => {
    expect(accept.beginnings).toContain('messageBytes=');
    expect(accept.beginnings).toHaveLength(Object.keys(all).length);
  });
});
