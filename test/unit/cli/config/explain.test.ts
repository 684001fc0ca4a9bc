import { describe, expect, it } from 'vitest';
import { explain } from '../../../../src/lib/cli/config/explain.js';
import { allSettings } from '../../../../src/lib/cli/settings/all-settings.js';
import type { CliSetting } from '../../../../src/lib/cli/settings/cli-setting.js';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { writeContexts } from '../../../../src/lib/cli/settings/contexts.js';
import { isSecret, variableName } from '../../../../src/lib/kite/config/resolve-setting.js';
import { settingsOf } from '../../../helpers/cli/command-settings.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

interface Line {
  readonly setting: string;
  readonly value: string;
  readonly source: string;
}

async function explained(
  env: Readonly<Record<string, string>>,
  flags: Readonly<Record<string, string>> = {},
): Promise<readonly Line[]> {
  const stdout = new Sink();
  const all = { KITE_HOME: '/nowhere', ...env };
  await explain(settingsOf(flags, all), 'json', testRuntime({ stdout, env: all }));
  return JSON.parse(stdout.text) as readonly Line[];
}

/** Every variable of every setting, once. */
const variables: readonly (readonly [name: string, setting: CliSetting])[] = [
  ...new Map(
    allSettings.flatMap((setting) => setting.variables.map((one) => [variableName(one), setting] as const)),
  ),
];

describe('explain', () => {
  it('explain shows each variable that is set once, and never a secret', async () => {
    let secrets = 0;
    const home = { KITE_HOME: temporaryFolder() };
    await writeContexts({ contexts: new Map([[commonSettings.context.accept.example, {}]]) }, home);
    for (const [name, setting] of variables) {
      const secret = isSecret(setting, { type: 'variable', name });
      const value = secret ? 'hunter2' : setting.accept.example;
      const lines = await explained({ ...home, [name]: value });
      // Two commands can have different flags for one setting.
      const rows = lines.filter(({ source }) => source === name).map(({ setting: row }) => row);
      expect(rows).toEqual([...new Set(rows)]);
      expect({ name, shown: lines.some(({ source }) => source === name) }).toEqual({ name, shown: true });
      if (!secret) continue;
      secrets++;
      expect(JSON.stringify(lines)).not.toContain('hunter2');
    }
    console.log(`config explain: ${variables.length} variables, ${secrets} of them secrets`);
    expect(secrets).toBeGreaterThan(4);
  });

  it('explain lists a setting of one command only if it is set', async () => {
    const names = (lines: readonly Line[]): readonly string[] => lines.map(({ setting }) => setting);
    expect(names(await explained({})).filter((name) => name.includes(' start '))).toEqual([]);
    expect(names(await explained({ KONTROL_DATA: '/d' }))).toContain('kontrol start -data');
  });

  it('explain marks an invalid value and does not fail', async () => {
    expect(await explained({ KITE_TIMEOUT: 'soon', KITE_PROXY_URL: 'ftp://me:hunter2@h/' })).toEqual(
      expect.arrayContaining([
        { setting: 'timeout', value: 'soon (invalid)', source: 'KITE_TIMEOUT' },
        { setting: 'proxy', value: 'ftp://…@h/ (invalid)', source: 'KITE_PROXY_URL' },
      ]),
    );
  });

  it('explain lists the names of unknown KONTROL_ variables without their values', async () => {
    expect(await explained({ KONTROL_PORTS: 'hunter2' })).toContainEqual({
      setting: 'unknown variable',
      value: '(hidden)',
      source: 'KONTROL_PORTS',
    });
  });

  it('explain describes the meaning of a value that is not self-explanatory', async () => {
    expect(await explained({ NO_COLOR: '1', KITE_LOG_NOCOLOR: 'x' })).toEqual(
      expect.arrayContaining([
        { setting: 'color', value: 'never', source: 'NO_COLOR' },
        { setting: 'log color', value: 'false', source: 'KITE_LOG_NOCOLOR' },
      ]),
    );
  });
});
