import { usageError } from '../runtime/cli-error.js';

/** Where an instance listens, and the URL that it registers. */
export interface InstanceAddress {
  /** 0 selects a free port. */
  readonly port: number;
  readonly advertise: string | undefined;
}

const LAST_PORT = 65_535;

/**
 * Returns a function that returns the address of the instance with a number. Callers have to reach the very instance that has
 * registered a URL, so each has its own: the ports count up.
 *
 * @throws CliError if there are not enough ports, or if the URL to register has no port that could count up
 */
export function instanceAddresses(
  port: number,
  advertise: string | undefined,
  instances: number,
): (number: number) => InstanceAddress {
  if (port > 0) requirePorts('--port', port, instances);
  const url = advertise === undefined ? undefined : new URL(advertise);
  if (advertise !== undefined && url && instances > 1) {
    if (url.port === '')
      throw usageError(
        `--advertise ${advertise} names one address, but each of the ${instances} instances needs its own.`,
        `Add the port of the first instance, such as ${url.protocol}//${url.hostname}:3636; the others count up from it.`,
      );
    requirePorts('--advertise', Number(url.port), instances);
  }
  return (number) => ({
    port: port === 0 ? 0 : port + number - 1,
    advertise: number === 1 || !url ? advertise : withPort(url, Number(url.port) + number - 1),
  });
}

function requirePorts(flag: string, first: number, instances: number): void {
  if (first + instances - 1 <= LAST_PORT) return;
  throw usageError(
    `${instances} instances need the ports ${first} to ${first + instances - 1}, but ${LAST_PORT} is the last one.`,
    `Choose a lower port with ${flag}, or fewer instances.`,
  );
}

function withPort(url: URL, port: number): string {
  const own = new URL(url);
  own.port = String(port);
  return own.href;
}
