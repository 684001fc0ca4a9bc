import { expect, it } from 'vitest';
import { clientEnvironment, serverEnvironment } from '../../../../src/lib/cli/settings/client-environment.js';

it('the environment of a command that does not listen has no values that it does not use and that are not accepted', () => {
  const env = {
    PATH: '/bin',
    KITE_PORT: 'x',
    KITE_IP: '<>',
    KITE_VERSION: 'new',
    KITE_ALLOW_ORIGIN: 'x',
    KITE_PROXY_URL: 'x',
    KITE_ENVIRONMENT: 'prod',
    KITE_TIMEOUT: 'soon',
  };
  expect(clientEnvironment(env)).toEqual({ PATH: '/bin', KITE_ENVIRONMENT: 'prod', KITE_TIMEOUT: 'soon' });
  const { KITE_PROXY_URL: _unused, ...rest } = env;
  expect(serverEnvironment(env)).toEqual(rest);
  expect(serverEnvironment(rest)).toBe(rest);
});
