import { readFileSync } from 'node:fs';
import { messageOf } from '../../../../src/lib/util/message-of.js';
import { describe, expect, it } from 'vitest';
import { allSettings } from '../../../../src/lib/cli/settings/all-settings.js';
import type { CliSetting } from '../../../../src/lib/cli/settings/cli-setting.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { commonSettings } from '../../../../src/lib/cli/settings/common-settings.js';
import { type Context, writeContexts } from '../../../../src/lib/cli/settings/contexts.js';
import {
  type Environment,
  isSecret,
  type SettingSource,
  variableName,
} from '../../../../src/lib/kite/config/resolve-setting.js';
import { flagsOf } from '../../../../src/lib/cli/settings/setting-flags.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

const KITE_KEY = { username: 'alice', kontrolUrl: 'http://kontrol.example.com/kite' };
const NO_HOME = '/nowhere/.kite';

/** One source of a setting: how it is set there, and the expected source. */
interface Place {
  readonly source: SettingSource;
  readonly flag?: unknown;
  readonly env?: Environment;
  readonly context?: Context;
  readonly kiteKey?: typeof KITE_KEY;
}

/** Every source of a setting, the highest precedence first. */
function placesOf(setting: CliSetting): readonly Place[] {
  const { flag, variables, context, kiteKey, kiteKeyFirst, accept } = setting;
  const ofContext: Place[] =
    context === undefined
      ? []
      : [
          {
            source: { type: 'context', name: 'prod', field: context },
            context: { [context]: setting === commonSettings.keyStore ? 'file' : accept.example },
          },
        ];
  const ofKey: Place[] =
    kiteKey === undefined ? [] : [{ source: { type: 'kiteKey', field: kiteKey }, kiteKey: KITE_KEY }];
  return [
    ...(flag
      ? [
          {
            source: { type: 'flag' as const, name: `--${flag.name}` },
            flag: flag.kind === 'switch' ? true : flag.kind === 'list' ? [accept.example] : accept.example,
          },
        ]
      : []),
    ...variables.map((variable): Place => {
      const name = variableName(variable);
      const { example } = (typeof variable === 'object' ? variable.accept : undefined) ?? accept;
      return { source: { type: 'variable', name }, env: { [name]: example } };
    }),
    ...(kiteKeyFirst ? [...ofKey, ...ofContext] : [...ofContext, ...ofKey]),
  ];
}

/** The resolved setting of a command line if exactly these sources set it. */
async function resolved(setting: CliSetting, places: readonly Place[]) {
  const own = setting.flag ? { [setting.flag.name]: setting } : {};
  const flags = Object.fromEntries(
    places.flatMap(({ flag }) => (flag === undefined ? [] : [[setting.flag?.name ?? '', flag]])),
  );
  const context = places.find((place) => place.context)?.context;
  let home = NO_HOME;
  if (context) {
    home = temporaryFolder();
    const contexts = new Map([['prod', context]]);
    await writeContexts({ current: 'prod', contexts }, { KITE_HOME: home });
  }
  const env = Object.assign({ KITE_HOME: home }, ...places.map((place) => place.env ?? {})) as Environment;
  const kiteKey = places.find((place) => place.kiteKey)?.kiteKey;
  return CommandSettings.fromFlags(own, flags, env).resolve(setting, kiteKey);
}

describe('the table of settings', () => {
  it('the settings of --trusted-proxy have the same summary in each command', () => {
    const settings = allSettings.filter(({ flag }) => flag?.name === 'trusted-proxy');
    expect(settings.length).toBeGreaterThan(1);
    expect(new Set(settings.map(({ summary }) => summary)).size).toBe(1);
  });

  it('a setting is read from each of its sources in order of precedence, else the default', async () => {
    let cases = 0;
    const types = new Set<string>();
    for (const setting of allSettings) {
      const places = placesOf(setting);
      for (const [index, { source }] of places.entries()) {
        // Every source of lower precedence sets it as well. A kite home that a variable sets has no contexts.
        const { source: found, value } = await resolved(setting, places.slice(index));
        expect({ name: setting.name, source: found }).toEqual({ name: setting.name, source });
        expect({ name: setting.name, value }).not.toEqual({ name: setting.name, value: undefined });
        types.add(source.type);
        cases++;
      }
      if (setting !== commonSettings.kiteHome) {
        const { source, value } = await resolved(setting, []);
        expect({ source, value }).toEqual({ source: { type: 'default' }, value: setting.default });
        types.add('default');
        cases++;
      }
    }
    console.log(`the table of settings: ${allSettings.length} settings, ${cases} cases`);
    expect([...types].toSorted()).toEqual(['context', 'default', 'flag', 'kiteKey', 'variable']);
    expect(cases).toBeGreaterThan(200);
  });

  it('an invalid value is reported as an error of the command line or of the configuration', () => {
    let refused = 0;
    for (const setting of allSettings.filter(({ accept }) => accept.parse('\u0000') === undefined)) {
      const { flag, variables, name } = setting;
      if (flag && flag.kind !== 'switch') {
        const mistaken = () =>
          CommandSettings.fromFlags({ [flag.name]: setting }, { [flag.name]: 'no\u0000' }, {});
        expect(mistaken, name).toThrow(expect.objectContaining({ exitCode: 2 }));
        const is = 'secret' in setting ? 'has a value that is not accepted' : 'is ';
        expect(mistaken, name).toThrow(`--${flag.name} ${is}`);
        refused++;
      }
      for (const variable of variables) {
        if (typeof variable === 'object') continue;
        const settings = CommandSettings.withoutFlags({ [variable]: 'no\u0000' });
        expect(() => settings.value(setting), name).toThrow(expect.objectContaining({ code: 'badValue' }));
        const isHidden = 'secret' in setting || setting.accept.show !== undefined;
        const is = isHidden ? 'has a value that is not accepted' : 'is ';
        expect(() => settings.value(setting), name).toThrow(`The environment variable ${variable} ${is}`);
        refused++;
      }
    }
    console.log(`the table of settings: ${refused} values refused`);
    expect(refused).toBeGreaterThan(40);
  });

  const BAD_VALUES = [
    'tcp://10.96.0.9:3636',
    'no\u0000',
    '\u001b[31mred',
    '-1',
    '1e400',
    'NaN',
    '65536',
    '99999999999999999999',
    '../../etc/passwd',
    'http://',
    'ftp://host/',
    'a/b',
    '\u202etxt',
    '{"a":1',
    'x'.repeat(100_000),
  ];

  it('no setting fails on a bad value except with its name and what it accepts', () => {
    let cases = 0;
    let refused = 0;
    for (const setting of allSettings) {
      for (const variable of setting.variables.map(variableName)) {
        for (const bad of BAD_VALUES) {
          const settings = CommandSettings.withoutFlags({ [variable]: bad });
          const { type, source, ...rest } = settings.tryResolve(setting);
          const ignored = bad.startsWith('tcp:') && variable.endsWith('_PORT');
          expect({ variable, source }).toMatchObject({
            source: ignored ? { type: 'default' } : { type: 'variable', name: variable },
          });
          if ('reason' in rest) {
            refused++;
            expect(rest.reason).toMatch(`The environment variable ${variable} `);
            if (isSecret(setting, source)) expect(rest.reason).not.toContain(bad);
          }
          expect(type).toBe('reason' in rest ? 'refused' : 'resolved');
          expect(settings.ignoredNotes(setting)).toHaveLength(ignored ? 1 : 0);
          cases++;
        }
      }
      const { flag } = setting;
      if (!flag || flag.kind === 'switch') continue;
      for (const bad of BAD_VALUES) {
        const parse = () =>
          CommandSettings.fromFlags({ [flag.name]: setting }, { [flag.name]: bad }, {}).value(setting);
        let error: unknown;
        try {
          parse();
        } catch (thrown) {
          error = thrown;
          refused++;
        }
        if (error !== undefined) expect(error).toMatchObject({ exitCode: 2, type: 'usage' });
        if (error !== undefined) expect(messageOf(error)).toContain(`--${flag.name} `);
        cases++;
      }
    }
    console.log(`the table of settings: ${cases} bad values, ${refused} refused`);
    expect(cases).toBeGreaterThan(1500);
    expect(refused).toBeGreaterThan(500);
  });

  it('settings of one name accept the same values under each of their flags', () => {
    const names = new Set(allSettings.map(({ name }) => name));
    const byName = Array.from(names, (name) => allSettings.filter((setting) => setting.name === name));
    const several = byName.filter((settings) => settings.length > 1);
    expect(several.length).toBeGreaterThan(3);
    for (const [first, ...others] of several) {
      for (const other of others) {
        expect(other.accept.parse(first?.accept.example), other.name).toEqual(
          first?.accept.parse(first.accept.example),
        );
        expect(other.variables.map(variableName), other.name).toEqual(first?.variables.map(variableName));
      }
    }
  });

  it('the table of settings marks secrets, and no other setting with a variable', () => {
    const secrets = allSettings.flatMap((setting) =>
      setting.variables.map(variableName).filter((name) => isSecret(setting, { type: 'variable', name })),
    );
    expect([...new Set(secrets)].toSorted()).toEqual([
      'KITE_HEADERS',
      'KITE_KEY',
      'KONTROL_ETCD_PASSWORD',
      'KONTROL_FORMER_SECRET',
      'KONTROL_POSTGRES_PASSWORD',
      'KONTROL_SECRET',
    ]);
    const variables = new Set(allSettings.flatMap((setting) => setting.variables.map(variableName)));
    const suspicious = [...variables].filter((name) => /SECRET|PASSWORD$|_KEY$/.test(name));
    expect(suspicious.filter((name) => !secrets.includes(name))).toEqual(['KONTROL_ETCD_KEY']);
  });
});

describe('the flags of settings', () => {
  const manifest = JSON.parse(
    readFileSync(new URL('../../../../oclif.manifest.json', import.meta.url), 'utf8'),
  ) as { commands: Record<string, { flags: Record<string, { summary?: string }> }> };
  const commands = Object.entries(manifest.commands).map(([id, { flags }]) => ({
    id: id.replaceAll(':', ' '),
    flags,
  }));

  it('the flags in the table of settings are those of the commands that it lists', () => {
    let flags = 0;
    for (const setting of allSettings) {
      const { flag, name } = setting;
      if (!flag || setting === commonSettings.color) continue;
      const made = flagsOf({ [flag.name]: setting })[flag.name];
      const having = commands.filter((command) => command.flags[flag.name]?.summary === made?.summary);
      expect({ name, commands: having.map(({ id }) => id).toSorted() }).toEqual({
        name,
        commands: [...setting.commands].toSorted(),
      });
      flags += having.length;
    }
    console.log(`the flags of settings: ${flags} in ${commands.length} commands`);
    expect(flags).toBeGreaterThan(200);
  });

  it('the flags in the table of settings are the only ones whose help mentions variables', () => {
    const own = new Set(
      allSettings.flatMap((setting) => {
        const made = setting.flag && flagsOf({ [setting.flag.name]: setting })[setting.flag.name];
        return made ? [made.summary] : [];
      }),
    );
    const others = commands.flatMap(({ id, flags }) =>
      Object.entries(flags)
        .filter(([, { summary = '' }]) => /\$[A-Z]+_/.test(summary) && !own.has(summary))
        .map(([flag]) => `${id} --${flag}`),
    );
    expect(others).toEqual([]);
  });

  it('the table of settings refers to existing commands for settings without a flag', () => {
    const ids = new Set(commands.map(({ id }) => id));
    for (const { name, commands: named } of allSettings) {
      expect({ name, unknown: named.filter((id) => !ids.has(id)) }).toEqual({ name, unknown: [] });
    }
  });
});
