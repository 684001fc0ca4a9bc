import { requireValues, isMethodList, METHODS_EXPECTED, type CheckedValue } from './client-check.js';
import type { KiteOptions } from './kite-options.js';

const BOOLEAN_EXPECTED = 'true or false';
const HANDLINGS: readonly unknown[] = ['ReturnMethod', 'ReturnFirst', 'ReturnLatest'];
const HEARTBEAT_CALLERS: readonly unknown[] = ['kontrol', 'anyone'];

/**
 * Checks the options of a kite that are not settings. A string in place of a list would be searched for a part of it, and a string
 * in place of a boolean would be true.
 *
 * @throws ConfigurationError that identifies what cannot be used
 */
export function requireKiteOptions(options: KiteOptions): void {
  const { allowKiteKeysOf, trustRemote, disableAuthentication, concurrent, sessionCookie } = options;
  const { methodHandling, errorFields, heartbeatFrom, systemMethods, prefixes } = options;
  const checks: readonly CheckedValue[] = [
    ['The option allowKiteKeysOf', allowKiteKeysOf, isUsers, 'own, any, or a list of usernames'],
    ['The option trustRemote', trustRemote, isMethodList, METHODS_EXPECTED],
    ['The option disableAuthentication', disableAuthentication, isBoolean, BOOLEAN_EXPECTED],
    ['The option concurrent', concurrent, isBoolean, BOOLEAN_EXPECTED],
    ['The option sessionCookie', sessionCookie, isBoolean, BOOLEAN_EXPECTED],
    ['The option methodHandling', methodHandling, isIn(HANDLINGS), `one of ${HANDLINGS.join(', ')}`],
    ['The option errorFields', errorFields, isStrings, 'a list of names of fields'],
    ['The option heartbeatFrom', heartbeatFrom, isIn(HEARTBEAT_CALLERS), 'kontrol or anyone'],
    ['The option systemMethods', systemMethods, isStrings, 'a list of methods'],
    ['The option prefixes', prefixes, isPrefixes, 'a list of at least one path'],
  ];
  requireValues(checks);
}

function isUsers(value: unknown): boolean {
  return value === 'own' || value === 'any' || (isStrings(value) && !value.includes(''));
}

function isPrefixes(value: unknown): boolean {
  return isStrings(value) && value.length > 0;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isIn(values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value);
}
