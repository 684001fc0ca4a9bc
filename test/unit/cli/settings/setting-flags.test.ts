import { string } from '@oclif/core/flags';
import { describe, expect, it } from 'vitest';
import type { CliSetting } from '../../../../src/lib/cli/settings/cli-setting.js';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { contextSettings } from '../../../../src/lib/cli/settings/context-settings.js';
import { exposeSettings } from '../../../../src/lib/cli/settings/expose-settings.js';
import { kontrolStartSettings } from '../../../../src/lib/cli/settings/kontrol-start-settings.js';
import { proxyStartSettings } from '../../../../src/lib/cli/settings/proxy-start-settings.js';
import { registerSettings } from '../../../../src/lib/cli/settings/register-settings.js';
import { serveSettings } from '../../../../src/lib/cli/settings/serve-settings.js';
import { flagsOf } from '../../../../src/lib/cli/settings/setting-flags.js';
import { parseFlags } from '../../../helpers/cli/parse-flags.js';

describe('flagsOf', () => {
  it('flagsOf adds the variable and the default of a flag to its summary', () => {
    const { timeout, kontrol } = commonSettings;
    const flags = flagsOf({ timeout, kontrol });
    expect(flags.timeout.summary).toMatch(/ Default: \$KITE_TIMEOUT, the context, or 15s\.$/);
    expect(flags.kontrol.summary).toMatch(/ Default: \$KITE_KONTROL_URL, the context, or your kite key\.$/);
  });

  it('flagsOf adds no defaults for a context', () => {
    const flags = Object.values(flagsOf(contextSettings, { defaults: false }));
    expect(flags.map(({ summary }) => summary).filter((summary) => summary?.includes('Default'))).toEqual([]);
  });

  it('flagsOf adds a --no- form to a switch that another source can turn on', () => {
    const { webrtc, ui, force } = flagsOf(kontrolStartSettings);
    expect([webrtc, ui, force].map(({ type, allowNo }) => [type, allowNo])).toEqual([
      ['boolean', true],
      ['boolean', true],
      ['boolean', false],
    ]);
  });

  it('flagsOf makes a wrong value the first error of a command line, before flags that are missing or conflict', async () => {
    const tables = {
      serveSettings,
      exposeSettings,
      registerSettings,
      kontrolStartSettings,
      proxyStartSettings,
    };
    const wrong = ['x y', '-1', 'http://a b/', '/', 'a=b=c', ' ', '\u0000'];
    let cases = 0;
    for (const settings of Object.values(tables)) {
      const all: [string, CliSetting][] = Object.entries(settings);
      for (const [name, setting] of all) {
        const { flag, accept } = setting;
        if (flag === undefined || flag.kind === 'switch') continue;
        const isWrong = (text: string): boolean =>
          text.trim() !== '' && accept.parse(flag.kind === 'list' ? [text] : text) === undefined;
        const value = wrong.find(isWrong);
        if (value === undefined) continue;
        const own = { ...setting, flag: { ...flag, dependsOn: ['absent'] } };
        const flags = { ...flagsOf({ [name]: own }), absent: string() };
        await expect(parseFlags(flags, [`--${name}`, value]), name).rejects.toThrow(`--${name} is "`);
        cases++;
      }
    }
    console.log(`${cases} flags with a wrong value`);
    expect(cases).toBeGreaterThan(30);
  });

  it('flagsOf lists the values of a setting with few, and allows lists to be repeated', () => {
    expect(flagsOf({ transport: commonSettings.transport }).transport.helpValue).toBe(
      'auto|websocket|raw|xhr',
    );
    expect(flagsOf(proxyStartSettings)['allow-target'].multiple).toBe(true);
    expect(flagsOf(proxyStartSettings)['public-host'].aliases).toEqual(['publicHost']);
  });
});
