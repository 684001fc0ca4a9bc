import { codedError } from '../../protocol/errors.js';
import type { CallerIdentity } from '../call/caller-identity.js';
import type { Connection } from '../call/connection.js';
import type { IncomingCall } from '../call/envelope.js';
import type { ArgsSchema } from './argument-schema.js';
import { record } from '../../util/record.js';
import { isAllowed, requireAllow } from './allow-rule.js';
import type { Authenticator } from './dispatcher.js';
import { type DispatchCall, HeldCalls } from './held-calls.js';
import type { Method } from './method.js';
import type { Request } from './request.js';

export interface AdmissionOptions {
  /** Returns the identity of a caller from the `authentication` of its call. Throws or rejects if it is not accepted. */
  readonly verify: (
    call: IncomingCall,
    connection: Connection,
    request: Request,
  ) => CallerIdentity | Promise<CallerIdentity>;
  /** Called when a caller could not be authenticated. */
  readonly failed?: ((method: string, remoteAddress: string, error: unknown) => void) | undefined;
  /** Runs a call that has waited. */
  readonly dispatch: DispatchCall;
}

/** Authenticates the callers of a kite in Node, and decides by the option `allow` of a method whether they may call it. */
export class Admission implements Authenticator {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** @throws TypeError if the name is not a string, or the options `allow` or `args` are invalid */
  prepare({ allow, name, schema }: Method): void {
    if (typeof name !== 'string' || name === '')
      throw new TypeError(`The name of a method is ${name === '' ? 'empty' : 'not a string'}`);
    if (allow !== undefined) requireAllow(allow, name);
    if (schema !== undefined && !isSchema(schema))
      throw new TypeError(`The option args of "${name}" is not a schema (https://standardschema.dev)`);
  }

  admit(request: Request, method: Method, call: IncomingCall, connection: Connection): Promise<void> | void {
    // A peer that is trusted without authentication has no identity that a rule could match.
    if (method.allow === undefined && connection.trusts(method.name)) return;
    const identity = connection.identity ?? this.#verify(request, call, connection);
    if (!(identity instanceof Promise)) return authorize(request, method, identity);
    return identity.then((verified) => authorize(request, method, verified));
  }

  async visible(methods: readonly Method[], { identity }: Request): Promise<readonly Method[]> {
    const shown = await Promise.all(methods.map((method) => isVisible(method, identity)));
    return methods.filter((_method, index) => shown[index]);
  }

  hold(connection: Connection, checked: Promise<void>, settled: (error?: unknown) => void): void {
    const held = (connection.held ??= new HeldCalls(connection, this.#options.dispatch)) as HeldCalls;
    held.until(checked, settled);
  }

  #verify(
    request: Request,
    call: IncomingCall,
    connection: Connection,
  ): CallerIdentity | Promise<CallerIdentity> {
    try {
      const identity = this.#options.verify(call, connection, request);
      if (!(identity instanceof Promise)) {
        connection.authenticated();
        return identity;
      }
      return identity.then(
        (verified) => {
          connection.authenticated();
          return verified;
        },
        (error: unknown) => this.#fail(error, call, connection),
      );
    } catch (error) {
      return this.#fail(error, call, connection);
    }
  }

  #fail(error: unknown, { method }: IncomingCall, { remoteAddress }: Connection): never {
    this.#options.failed?.(method, remoteAddress, error);
    throw error;
  }
}

function isSchema(schema: unknown): boolean {
  // The schemas of some libraries are functions.
  const { validate } = record((schema as Partial<ArgsSchema<unknown[]>> | null)?.['~standard']);
  return typeof validate === 'function';
}

function authorize(
  request: Request,
  { name, allow }: Method,
  identity: CallerIdentity,
): Promise<void> | void {
  request.identity = identity;
  request.username = identity.username;
  if (allow === undefined) return;
  const allowed = isAllowed(allow, identity);
  if (!(allowed instanceof Promise)) return requireAllowed(allowed, name, identity);
  return allowed.then((result) => requireAllowed(result, name, identity));
}

function requireAllowed(allowed: boolean, method: string, { username }: CallerIdentity): void {
  if (!allowed)
    throw codedError(
      'authenticationError',
      'notAllowed',
      `"${username}" may not call the method "${method}"`,
    );
}

async function isVisible({ allow }: Method, identity: CallerIdentity | undefined): Promise<boolean> {
  if (allow === undefined) return true;
  try {
    return identity !== undefined && (await isAllowed(allow, identity));
  } catch {
    return false;
  }
}
