import { errorText } from '../../util/message-of.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kite } from '../../kite/kite.js';
import { hasCode, isKiteError, KiteError } from '../../protocol/errors.js';
import { kitePath, parseIdentity } from '../../protocol/identity.js';
import { MISSING_AUTHENTICATION } from '../../protocol/missing-authentication.js';
import type { Logger } from '../../util/logger.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import type { Caller } from '../tokens/caller.js';
import { type Credentials, kiteKeyError } from '../tokens/credentials.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { KontrolMetrics } from './kontrol-metrics.js';
import type { Registrar } from '../registry/registrar.js';
import type { StoreSync } from '../registry/store-sync.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';
import { respondText } from '../../transport/server/respond.js';
import { jsonObject } from '../../util/record.js';

interface AuditedRegistration {
  readonly method: string;
  readonly user: string;
  readonly address: string;
}

interface RegistrationAudit {
  write(action: 'register', call: AuditedRegistration, target: string): void;
  refused(call: AuditedRegistration, error: unknown): void;
}

export interface HttpApiOptions {
  readonly registrar: Registrar;
  /** Returns the address of the caller of a request. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly credentials: Credentials;
  /** Called when a kite key was used. */
  readonly used: (caller: Caller) => void;
  /** The audit log. Undefined if none is written. */
  readonly audit: RegistrationAudit | undefined;
  readonly storeSync: StoreSync;
  readonly metrics: KontrolMetrics;
  /** What is wrong with the clock of this node. */
  readonly clockProblem: () => string | undefined;
  readonly logger: Logger;
  readonly limits: Pick<KontrolLimits, 'registerBodyBytes'>;
}

/** Kontrol's plain HTTP endpoints: registration without a connection, health and metrics. */
export class HttpApi {
  readonly #options: HttpApiOptions;

  constructor(options: HttpApiOptions) {
    this.#options = options;
  }

  /** Adds the endpoints to the kite. */
  addTo(kite: Kite): void {
    kite.handleHttp('/register', (request, response) => this.register(request, response));
    kite.handleHttp('/deregister', (request, response) => this.deregister(request, response));
    kite.handleHttp('/heartbeat', (request, response) => this.heartbeat(request, response));
    kite.health({
      ready: async () => (await this.#options.storeSync.probe()) || 'the store cannot be reached',
      remark: () => this.#options.clockProblem(),
    });
    kite.handleHttp('/metrics', (request, response) => this.metrics(request, response));
  }

  /** `POST /register` with `{url, kite, auth: {type, key}}`. */
  async register(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allowsMethod(request, response, 'POST')) return;
    const { registrar, metrics, limits, audit } = this.#options;
    const address = remoteIp(this.#options.addressOf(request));
    const method = 'POST /register';
    try {
      const registration = this.#parseRegistration(await readJson(request, limits.registerBodyBytes));
      const result = await registrar.registerHttp(registration);
      const { username: user } = registration.key;
      audit?.write('register', { method, user, address }, kitePath({ ...registration.kite, username: user }));
      metrics.registered('http');
      sendJson(response, 200, result);
    } catch (error) {
      metrics.refused('http');
      audit?.refused({ method, user: '', address }, error);
      this.#reject(request, response, error);
    }
  }

  #reject(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const status = statusOf(error);
    if (status === 500 && !isKiteError(error))
      this.#options.logger.error(`${request.method} ${request.url} failed: ${errorText(error)}`);
    // Do not wait for the rest of a body that is too long.
    if (!request.complete) response.setHeader('connection', 'close');
    const err = isKiteError(error) ? error.message : 'internal error';
    const code = status === 401 || status === 429 ? (error as KiteError).code : '';
    sendJson(response, status, { err, ...(code !== '' && { code }) });
  }

  /** `POST /deregister` with `{kite, auth: {type, key}}`: ends a registration over HTTP. */
  async deregister(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allowsMethod(request, response, 'POST')) return;
    const { registrar, limits, audit } = this.#options;
    const address = remoteIp(this.#options.addressOf(request));
    try {
      registrar.deregisterHttp(this.#parseRegistration(await readJson(request, limits.registerBodyBytes)));
      sendJson(response, 200, {});
    } catch (error) {
      audit?.refused({ method: 'POST /deregister', user: '', address }, error);
      this.#reject(request, response, error);
    }
  }

  /** `GET /heartbeat?id=ID` */
  heartbeat(request: IncomingMessage, response: ServerResponse): void {
    if (!allowsMethod(request, response, 'GET')) return;
    const id = new URLSearchParams(request.url?.split('?')[1] ?? '').get('id');
    if (!id) {
      sendJson(response, 400, { err: 'missing or empty id' });
      return;
    }
    this.#options.metrics.heartbeat();
    respondText(response, 200, {}, this.#options.registrar.heartbeat(id));
  }

  /** `GET /metrics`, in the text format of Prometheus. */
  async metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allowsMethod(request, response, 'GET')) return;
    const { metrics } = this.#options;
    response.setHeader('content-type', metrics.contentType);
    response.end(await metrics.text());
  }

  #parseRegistration(body: Record<string, unknown>): Parameters<Registrar['registerHttp']>[0] {
    const { url, kite, auth } = body;
    if (typeof auth !== 'object' || auth === null) throw unauthenticated(MISSING_AUTHENTICATION);
    const { type, key } = auth as { type?: unknown; key?: unknown };
    if (type !== 'kiteKey')
      throw unauthenticated(`Unexpected authentication type: ${String(type).slice(0, QUOTED_LENGTH)}`);
    try {
      const verified = this.#options.credentials.verifyKiteKey(typeof key === 'string' ? key : '');
      this.#options.used(verified);
      return { url, kite: parseIdentity(kite), key: verified };
    } catch (error) {
      throw kiteKeyError(error);
    }
  }
}

function unauthenticated(message: string): KiteError {
  return new KiteError('authenticationError', message);
}

function statusOf(error: unknown): number {
  if (!isKiteError(error) || hasCode(error, 'storeUnavailable')) return 500;
  if (isKiteError(error, 'requestLimitError')) return 429;
  return isKiteError(error, 'authenticationError') ? 401 : 400;
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new KiteError('argumentError', `the body is longer than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (isKiteError(error)) throw error;
    // Not an error of Kontrol: strangers could fill its log.
    throw new KiteError('argumentError', 'the connection ended before the body was complete');
  }
  return Buffer.concat(chunks).toString();
}

async function readJson(request: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  let value: unknown;
  const body = await readBody(request, maxBytes);
  try {
    value = JSON.parse(body);
  } catch {
    throw new KiteError('argumentError', 'the body is not valid JSON');
  }
  const object = jsonObject(value);
  if (!object) throw new KiteError('argumentError', 'the body is not a JSON object');
  return object;
}

function allowsMethod(request: IncomingMessage, response: ServerResponse, method: string): boolean {
  if (request.method === method) return true;
  response.setHeader('allow', method);
  sendJson(response, 405, { err: `use ${method}` });
  return false;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}
