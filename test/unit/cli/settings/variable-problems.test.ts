import { expect, it } from 'vitest';
import { isServiceVariable, variableProblems } from '../../../../src/lib/cli/settings/variable-problems.js';

it('the variables that Kubernetes sets for a service are recognized', () => {
  for (const name of [
    'KITE_SERVICE_HOST',
    'KITE_SERVICE_PORT',
    'KONTROL_SERVICE_PORT_HTTP',
    'KITE_PORT_3636_TCP',
    'KONTROL_PORT_4000_TCP_ADDR',
    'KONTROL_POSTGRES_PORT_5432_UDP_PROTO',
  ]) {
    expect({ name, found: isServiceVariable(name) }).toEqual({ name, found: true });
  }
  for (const name of ['KITE_PORT', 'KONTROL_PORT', 'KONTROL_POSTGRES_HOST', 'KITE_USERNAME']) {
    expect({ name, found: isServiceVariable(name) }).toEqual({ name, found: false });
  }
});

it('variables with values that are not used are listed once, without secrets', () => {
  const env = {
    KITE_PORT: 'tcp://10.96.0.9:3636',
    KONTROL_PORT: 'tcp://10.96.0.10:4000',
    KONTROL_POSTGRES_PORT: 'UDP://10.96.0.11:5432',
    KITE_TIMEOUT: 'soon',
    KITE_ENVIRONMENT: 'prod',
    KITE_KEY: 'a secret',
  };
  const problems = variableProblems(env);
  expect(
    problems.map(({ variable, ignoredValue }) => `${variable} ${ignoredValue ?? ''}`).toSorted(),
  ).toEqual([
    'KITE_PORT tcp://10.96.0.9:3636',
    'KITE_TIMEOUT ',
    'KONTROL_PORT tcp://10.96.0.10:4000',
    'KONTROL_POSTGRES_PORT UDP://10.96.0.11:5432',
  ]);
  expect(problems.find(({ variable }) => variable === 'KITE_PORT')?.reason).toBe(
    'KITE_PORT=tcp://10.96.0.9:3636 is ignored: Kubernetes sets it for a service named kite. To use the variable as a setting, set enableServiceLinks: false in the pod, or rename the service',
  );
});
