import { Config } from '@oclif/core/config';

/** As much of oclif's configuration as running one known command takes: nothing is read, nothing searched. */
export function directConfig(root: string, version: string): Config {
  const config = new DirectConfig({ root });
  config.root = root;
  config.name = 'kitectl';
  config.bin = 'kitectl';
  config.version = version;
  return config;
}

class DirectConfig extends Config {
  /** There are no plugins, so that there are no hooks. */
  override runHook: Config['runHook'] = () => Promise.resolve({ successes: [], failures: [] });
}
