import { describe, expect, it } from 'vitest';
import { INSTANCES } from '../../../../src/lib/cli/runtime/command-limits.js';
import { serveFlags } from '../../../../src/lib/cli/serve/serve-flags.js';
import { serveOptions, type ServeOptions } from '../../../../src/lib/cli/serve/serve-options.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

async function optionsOf(
  module: string | undefined,
  line: string | readonly string[],
): Promise<ServeOptions> {
  return serveOptions(module, await parseFlags(serveFlags, line), { env: {} });
}

describe('the flags of serve', () => {
  it('serve has a maximum number of instances', async () => {
    expect(await optionsOf('./kite.js', `--instances ${INSTANCES}`)).toMatchObject({ instances: INSTANCES });
    await expect(optionsOf('./kite.js', `--instances ${INSTANCES + 1}`)).rejects.toThrow(String(INSTANCES));
  });

  it('serve pairs each --method with its --exec', async () => {
    const line =
      '--name math --method square --exec one --method cube --exec two --timeout 500ms --parallel 3';
    const { commands, name, parallel, timeout, auth } = await optionsOf(undefined, line);
    expect([...commands]).toEqual([
      ['square', { command: 'one', result: 'auto' }],
      ['cube', { command: 'two', result: 'auto' }],
    ]);
    expect({ name, parallel, timeout, auth }).toEqual({
      name: 'math',
      parallel: 3,
      timeout: 500,
      auth: true,
    });
  });

  it.each([
    ['--result json --result json', ['json', 'json']],
    ['--result lines --result bytes', ['lines', 'bytes']],
  ])('serve pairs the flags "%s" with the commands', async (line, results) => {
    const { commands } = await optionsOf(
      undefined,
      `--name a --method m --exec x --method n --exec y ${line}`,
    );
    expect([...commands.values()].map(({ result }) => result)).toEqual(results);
  });

  it('serve accepts lists of allowed origins and hosts', async () => {
    const flags = ['--allow-origin', 'https://a.example, https://b.example', '--allow-host', '*'];
    expect(await optionsOf('./kite.js', flags)).toMatchObject({
      allowOrigin: ['https://a.example', 'https://b.example'],
      allowedHosts: '*',
    });
  });

  it('serve derives the name of a kite from its module, or from its first method', async () => {
    expect((await optionsOf('./kites/math.mjs', '')).name).toBe('math');
    expect((await optionsOf('./kites/math.mjs', '--name other')).name).toBe('other');
    expect((await optionsOf('./kites/math.mjs', '--method m --exec x')).name).toBe('math');
    expect((await optionsOf(undefined, '--method m --exec x --method n --exec y')).name).toBe('m');
  });

  it('serve limits the time of commands, and that of streams only if --timeout is set', async () => {
    const command = '--method m --exec x --result lines';
    expect(await optionsOf(undefined, command)).toMatchObject({ timeout: 30_000, streamTimeout: 0 });
    expect(await optionsOf(undefined, `${command} --timeout 4s`)).toMatchObject({
      timeout: 4000,
      streamTimeout: 4000,
    });
  });

  it.each([
    ['nothing to serve', undefined, '', 'Nothing to serve'],
    ['a command without a method', undefined, '--exec x --name a', '--exec needs --method.'],
    ['a method without a command', undefined, '--method m --name a', '--method needs --exec.'],
    [
      'more methods than commands',
      undefined,
      '--name a --method m --method n --exec x',
      'Each --method needs an --exec',
    ],
    [
      'a repeated method',
      undefined,
      '--name a --method m --method m --exec x --exec y',
      'Duplicate --method m',
    ],
    [
      'more results than commands',
      undefined,
      '--name a --method m --exec x --result text --result json',
      'Each --exec needs a --result if one has it: got 1 --exec and 2 --result.',
    ],
    [
      'fewer results than commands',
      undefined,
      '--name a --method m --exec x --method n --exec y --result text',
      'Each --exec needs a --result if one has it: got 2 --exec and 1 --result.',
    ],
    ['a result without a command', './kite.js', '--result text', '--result needs --exec.'],
    ['an unknown result', undefined, '--name a --method m --exec x --result xml', '--result is "xml"'],
    ['an empty command', undefined, ['--name', 'a', '--method', 'm', '--exec', ' '], 'is empty'],
    [
      'a method whose name a kite cannot have',
      undefined,
      '--method a/b --exec x',
      'The kite has no name: "a/b" cannot be the name of a kite.',
    ],
    [
      'a name that is a path',
      undefined,
      '--name a/b --method m --exec x',
      '--name is "a/b"; it must be a name without "/"',
    ],
    ['--parallel with a module', './kite.js', '--parallel 3', '--parallel needs --exec.'],
    ['too many commands', undefined, '--method m --exec x --parallel 1001', 'a whole number from 1 to 1000'],
    ['--timeout with a module', './kite.js', '--timeout 3s', '--timeout needs --exec.'],
    [
      'a malformed timeout',
      undefined,
      '--method m --exec x --timeout soon',
      '--timeout is "soon"; it must be a duration',
    ],
    [
      'a Kontrol without --register',
      './kite.js',
      '--kontrol http://k:4000/kite',
      '--kontrol needs --register.',
    ],
    ['a malformed origin', './kite.js', '--allow-origin example.com', '--allow-origin is'],
    ['a host with a port', './kite.js', '--allow-host a:1', '--allow-host is'],
    ['a malformed port', './kite.js', '--port 70000', '--port'],
  ])('serve rejects %s', async (_title, module, line, message) => {
    const error: unknown = await optionsOf(module, line).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ exitCode: 2 });
    const { message: said, hint } = error as { message: string; hint: string };
    expect(`${said} ${hint}`).toContain(message);
  });
});
