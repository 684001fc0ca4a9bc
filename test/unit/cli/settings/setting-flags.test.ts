import { describe, expect, it } from 'vitest';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { contextSettings } from '../../../../src/lib/cli/settings/context-settings.js';
import { kontrolStartSettings } from '../../../../src/lib/cli/settings/kontrol-start-settings.js';
import { proxyStartSettings } from '../../../../src/lib/cli/settings/proxy-start-settings.js';
import { flagsOf } from '../../../../src/lib/cli/settings/setting-flags.js';

describe('flagsOf', () => {
  it('says what stands in for a flag that is not given', () => {
    const { timeout, kontrol } = commonSettings;
    const flags = flagsOf({ timeout, kontrol });
    expect(flags.timeout.summary).toMatch(/ Default: \$KITE_TIMEOUT, the context, or 15s\.$/);
    expect(flags.kontrol.summary).toMatch(/ Default: \$KITE_KONTROL_URL, the context, or your kite key\.$/);
  });

  it('says nothing of defaults for a context, which stands in itself', () => {
    const flags = Object.values(flagsOf(contextSettings, { defaults: false }));
    expect(flags.map(({ summary }) => summary).filter((summary) => summary?.includes('Default'))).toEqual([]);
  });

  it('makes a switch that can be turned off where something else may turn it on', () => {
    const { webrtc, ui, force } = flagsOf(kontrolStartSettings);
    expect([webrtc, ui, force].map(({ type, allowNo }) => [type, allowNo])).toEqual([
      ['boolean', true],
      ['boolean', true],
      ['boolean', false],
    ]);
  });

  it('shows the values of a setting that has few, and lets a list be repeated', () => {
    expect(flagsOf({ transport: commonSettings.transport }).transport.helpValue).toBe(
      'auto|websocket|raw|xhr',
    );
    expect(flagsOf(proxyStartSettings)['allow-target'].multiple).toBe(true);
    expect(flagsOf(proxyStartSettings)['public-host'].aliases).toEqual(['publicHost']);
  });
});
