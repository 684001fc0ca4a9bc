import type { Transport } from '../../index.js';
import { parseDuration } from '../../util/duration.js';
import { configurationError } from '../runtime/cli-error.js';
import { type TransportName, transportNames, transports } from './transports.js';
import { contextInUse, type NamedContext } from './contexts.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** How connections are made; what is undefined the library takes from the environment, or its default. */
export interface Timing {
  readonly transport: Transport | undefined;
  /** Milliseconds for a call, 0 = none. */
  readonly timeout: number | undefined;
}

export interface TimingChoice {
  readonly transport: TransportName | undefined;
  readonly timeout: number | undefined;
  readonly context?: string | undefined;
}

/**
 * What the flags say, else the environment, else the context.
 *
 * @throws CliError where the context says what cannot be
 */
export function timingOf(choice: TimingChoice, env: Environment): Timing {
  return timingIn(contextInUse(choice.context, env), choice, env);
}

/** `timingOf` in a context that was found already. */
export function timingIn(
  used: NamedContext | undefined,
  { transport, timeout }: Omit<TimingChoice, 'context'>,
  env: Environment,
): Timing {
  const said = <Value>(flag: Value | undefined, variable: string, fromContext: () => Value | undefined) =>
    flag ?? (env[variable] ? undefined : fromContext());
  return {
    transport: said(transport && transports[transport], 'KITE_TRANSPORT', () => {
      const name = used?.context.transport;
      const known = transportNames.find((one) => one === name);
      if (name !== undefined && known === undefined) {
        throw unusable(used?.name, `transport "${name}"`, `It is one of ${transportNames.join(', ')}.`);
      }
      return known && transports[known];
    }),
    timeout: said(timeout, 'KITE_TIMEOUT', () => {
      const text = used?.context.timeout;
      const ms = text === undefined ? undefined : parseDuration(text);
      if (text !== undefined && (ms === undefined || ms < 0)) {
        throw unusable(used?.name, `timeout "${text}"`, 'It is a duration such as 30s, or 0 for ever.');
      }
      return ms;
    }),
  };
}

function unusable(name: string | undefined, what: string, hint: string): Error {
  return configurationError(`The ${what} of the context ${name} cannot be used.`, hint);
}
