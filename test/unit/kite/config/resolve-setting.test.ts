import { describe, expect, it } from 'vitest';
import { kiteSettings } from '../../../../src/lib/kite/config/kite-settings.js';
import {
  type Given,
  givenFor,
  isSecret,
  resolveSetting,
  type Setting,
  settingValue,
  variableName,
} from '../../../../src/lib/kite/config/resolve-setting.js';

const settings: readonly Setting[] = Object.values(kiteSettings);
const KITE_KEY = { username: 'alice', kontrolUrl: 'http://kontrol.example.com/kite' };
const CONTEXT = { type: 'context', name: 'prod', field: 'field' } as const;

/** Each source of a setting with a valid value, the highest precedence first. */
function sourcesOf(setting: Setting): readonly Given[] {
  const { option, variables, accept, kiteKey } = setting;
  return [
    ...(option === undefined
      ? []
      : [{ source: { type: 'option' as const, name: option }, value: accept.example }]),
    ...variables.map((variable) => ({
      source: { type: 'variable' as const, name: variableName(variable) },
      value: (typeof variable === 'object' ? (variable.accept ?? accept) : accept).example,
    })),
    { source: CONTEXT, value: accept.example },
    ...(kiteKey ? [{ source: { type: 'kiteKey' as const, field: kiteKey }, value: KITE_KEY[kiteKey] }] : []),
  ];
}

/** The arguments of `resolveSetting` if exactly these sources set a value. */
function given(all: readonly Given[]) {
  const of = (type: string): Given | undefined => all.find(({ source }) => source.type === type);
  const variables = all.flatMap(({ source, value }) =>
    source.type === 'variable' ? [[source.name, String(value)] as const] : [],
  );
  return {
    explicit: of('option'),
    env: Object.fromEntries(variables),
    stored: () => of('context'),
    kiteKey: of('kiteKey') && KITE_KEY,
  };
}

describe('resolveSetting', () => {
  it('resolveSetting reads the source with the highest precedence, and the default without any', () => {
    let cases = 0;
    for (const setting of settings) {
      const sources = sourcesOf(setting);
      sources.forEach(({ source }, index) => {
        // Every source of lower precedence sets a value as well.
        expect(resolveSetting(setting, given(sources.slice(index)))).toMatchObject({
          type: 'resolved',
          source,
        });
        cases++;
      });
      expect(resolveSetting(setting, { env: {} })).toMatchObject({
        source: { type: 'default' },
        value: setting.default,
      });
      cases++;
    }
    console.log(`resolveSetting: ${settings.length} settings of kites, ${cases} cases`);
    expect(cases).toBeGreaterThan(60);
  });

  it('resolveSetting skips an empty string of each source except an option, which is an error of the program', () => {
    for (const setting of settings) {
      const empty = sourcesOf(setting).map(({ source }) => ({ source, value: ' ' }));
      const { explicit: _option, kiteKey: _key, ...rest } = given(empty);
      const isSet = setting.variables.some((one) => typeof one === 'object' && one.accept?.verbatim);
      if (!isSet) expect([...givenFor(setting, rest)]).toEqual([]);
    }
    expect(() =>
      settingValue(kiteSettings.username, {
        explicit: { source: { type: 'option', name: 'username' }, value: '' },
        env: {},
      }),
    ).toThrow('The option username is ""');
  });

  it('resolveSetting prefers the kite key to a context on request', () => {
    const sources = given(sourcesOf(kiteSettings.username).slice(2));
    expect(resolveSetting(kiteSettings.username, { ...sources, keyFirst: true }).source.type).toBe('kiteKey');
    expect(resolveSetting(kiteSettings.username, sources).source.type).toBe('context');
  });

  it('resolveSetting rejects a value with a reason that names the source, and does not throw', () => {
    const soon = 'it must be a duration, 0 or more: 15s, 500ms, 5m, 1h30m, or 15 for 15 seconds';
    const refused = (sources: object) => resolveSetting(kiteSettings.timeout, { env: {}, ...sources });
    const explicit = (type: 'option' | 'flag', name: string) => ({
      explicit: { source: { type, name }, value: 'soon' },
    });
    expect(refused(explicit('flag', '--timeout'))).toMatchObject({ reason: `--timeout is "soon"; ${soon}` });
    expect(refused({ env: { KITE_TIMEOUT: 'soon' } })).toMatchObject({
      reason: `The environment variable KITE_TIMEOUT is "soon"; ${soon}`,
    });
    expect(
      refused({ stored: () => ({ source: { ...CONTEXT, field: 'timeout' }, value: 'soon' }) }),
    ).toMatchObject({
      reason: `"timeout" of the context prod is "soon"; ${soon}`,
    });
    expect(refused(explicit('option', 'timeout'))).toMatchObject({
      reason: 'The option timeout is "soon"; it must be a number of milliseconds, 0 or more',
    });
  });

  it('resolveSetting shows no secret in an error', () => {
    const secret = {
      ...kiteSettings.timeout,
      variables: [{ name: 'A', secret: true }, 'B'],
      secret: false,
    };
    const reason = (env: Record<string, string>) => resolveSetting(secret, { env });
    expect(reason({ A: 'hunter2' })).toMatchObject({
      reason: expect.stringMatching(/^The environment variable A has a value that is not accepted; it must/),
    });
    expect(reason({ B: 'hunter2' })).toMatchObject({ reason: expect.stringContaining('"hunter2"') });
    expect(isSecret(kiteSettings.kiteKey, { type: 'variable', name: 'KITE_KEY' })).toBe(true);
    expect(isSecret(kiteSettings.kiteKey, { type: 'variable', name: 'KITE_KEY_FILE' })).toBe(false);
  });
});
