import { describe, expect, it } from 'vitest';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { contextSettings } from '../../../../src/lib/cli/settings/context-settings.js';
import { kontrolStartSettings } from '../../../../src/lib/cli/settings/kontrol-start-settings.js';
import { proxyStartSettings } from '../../../../src/lib/cli/settings/proxy-start-settings.js';
import { flagsOf } from '../../../../src/lib/cli/settings/setting-flags.js';

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

  it('flagsOf lists the values of a setting with few, and allows lists to be repeated', () => {
    expect(flagsOf({ transport: commonSettings.transport }).transport.helpValue).toBe(
      'auto|websocket|raw|xhr',
    );
    expect(flagsOf(proxyStartSettings)['allow-target'].multiple).toBe(true);
    expect(flagsOf(proxyStartSettings)['public-host'].aliases).toEqual(['publicHost']);
  });
});
