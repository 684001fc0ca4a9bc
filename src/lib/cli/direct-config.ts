import type { Config } from '@oclif/core/config';

/**
 * As much of oclif's configuration as running one known command takes. The whole one searches for plugins, hooks and
 * commands, and loading its code alone takes as long as a call.
 */
export function directConfig(root: string, version: string): Config {
  const name = 'kitectl';
  const scopedEnvVarKey = (key: string): string => `KITECTL_${key}`;
  const config: Partial<Config> = {
    root,
    name,
    bin: name,
    version,
    userAgent: `${name}/${version}`,
    topicSeparator: ':',
    scopedEnvVarKey,
    scopedEnvVarKeys: (key) => [scopedEnvVarKey(key)],
    // There are no plugins, so that there are no hooks.
    runHook: () => Promise.resolve({ successes: [], failures: [] }),
  };
  return config as Config;
}
