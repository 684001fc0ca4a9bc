import type { Interfaces } from '@oclif/core';
import { Config } from '@oclif/core/config';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { type CommandConfig, FastPathConfig } from '../../../../src/lib/cli/frame/fast-path-config.js';
import { root } from '../../../helpers/cli/cli-harness.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';

/** Members that the fast path leaves to oclif. */
const UNSUPPORTED = [
  'cacheDir',
  'commandIDs',
  'commands',
  'configDir',
  'dataDir',
  'findCommand',
  'findMatches',
  'findTopic',
  'getAllCommandIDs',
  'getAllCommands',
  'home',
  'load',
  'loadPluginsAndCommands',
  'loadTheme',
  'pjson',
  'runCommand',
  's3Key',
  's3Url',
  'shell',
  'topics',
  'updateConfig',
  'versionDetails',
];

/** Members whose value differs from that of oclif, each for a reason. */
const DIFFERENT = [
  'options', // oclif's says where plugins are found.
  'plugins', // oclif counts the program itself.
  'getPluginsList',
  'topicSeparator', // The fast path has no table in which oclif could look up names with spaces.
];

let oclif: Config;
let fast: FastPathConfig;

beforeAll(async () => {
  oclif = await Config.load({ root, userPlugins: false, devPlugins: false });
  fast = new FastPathConfig(
    root.replace(/\/$/, ''),
    testRuntime({ version: oclif.version, env: { KITECTL_DEBUG: 'true', KITECTL_NAME: 'x' } }),
  );
});

/** The value of a member, or its result. */
function valueOf(config: object, name: string): unknown {
  const member: unknown = Reflect.get(config, name);
  return typeof member === 'function' ? (member as (key: string) => unknown).call(config, 'name') : member;
}

function membersOf(config: object): string[] {
  const prototype = Object.getOwnPropertyNames(Object.getPrototypeOf(config));
  return [...new Set([...Object.keys(config), ...prototype])].filter((name) => name !== 'constructor');
}

describe("the fast path's configuration", () => {
  it('the configuration of the fast path has every member that oclif declares', () => {
    expectTypeOf<FastPathConfig>().toExtend<CommandConfig>();
    expectTypeOf<FastPathConfig>().toExtend<Interfaces.Config & Pick<Config, 'options'>>();
    for (const name of UNSUPPORTED) expect(membersOf(fast)).toContain(name);
  });

  it.each(UNSUPPORTED)(
    'the configuration of the fast path throws an error for %s, which it does not support',
    (name) => {
      expect(() => valueOf(fast, name)).toThrow(`The fast path does not support Config.${name}: `);
    },
  );

  it('the configuration of the fast path equals that of oclif in every supported member', async () => {
    process.env['KITECTL_NAME'] = 'x';
    try {
      const supported = membersOf(fast).filter(
        (name) => !UNSUPPORTED.includes(name) && !DIFFERENT.includes(name),
      );
      for (const name of supported) {
        expect([name, await valueOf(fast, name)]).toEqual([name, await valueOf(oclif, name)]);
      }
      expect(supported.length).toBeGreaterThan(15);
    } finally {
      delete process.env['KITECTL_NAME'];
    }
  });

  it('the configuration of the fast path reads switches of the environment as 1 and true', () => {
    expect([fast.scopedEnvVarTrue('debug'), fast.scopedEnvVarTrue('name')]).toEqual([true, false]);
  });
});
