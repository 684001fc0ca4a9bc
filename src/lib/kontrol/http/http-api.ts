import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kite } from '../../kite/kite.js';
import { hasCode, isKiteError, KiteError } from '../../protocol/errors.js';
import { parseIdentity } from '../../protocol/identity.js';
import type { Logger } from '../../util/logger.js';
import { type Credentials, kiteKeyRefusal } from '../tokens/credentials.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { KontrolMetrics } from './kontrol-metrics.js';
import type { Registrar } from '../registry/registrar.js';
import type { StoreSync } from '../registry/store-sync.js';
import { QUOTED_LENGTH } from '../../protocol/protocol-limits.js';

export interface HttpApiOptions {
  readonly registrar: Registrar;
  readonly credentials: Credentials;
  readonly replica: StoreSync;
  readonly metrics: KontrolMetrics;
  readonly logger: Logger;
  readonly limits: Pick<KontrolLimits, 'registerBodyBytes'>;
}

/** What Kontrol answers over plain HTTP: registration without a connection, and how it is. */
export class HttpApi {
  readonly #options: HttpApiOptions;

  constructor(options: HttpApiOptions) {
    this.#options = options;
  }

  /** Has the kite answer these paths. */
  addTo(kite: Kite): void {
    kite.handleHttp('/register', (request, response) => this.register(request, response));
    kite.handleHttp('/heartbeat', (request, response) => this.heartbeat(request, response));
    kite.handleHttp('/healthz', (request, response) => this.health(request, response));
    kite.handleHttp('/readyz', (request, response) => this.readiness(request, response));
    kite.handleHttp('/metrics', (request, response) => this.metrics(request, response));
  }

  /** `POST /register` with `{url, kite, auth: {type, key}}`. */
  async register(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allows(request, response, 'POST')) return;
    const { registrar, metrics, logger, limits } = this.#options;
    try {
      const result = await registrar.registerHttp(
        this.#applicant(await readJson(request, limits.registerBodyBytes)),
      );
      metrics.registered('http');
      sendJson(response, 200, result);
    } catch (error) {
      metrics.refused('http');
      const status = statusOf(error);
      if (status === 500 && !isKiteError(error)) logger.error(`POST /register failed: ${String(error)}`);
      // What was not read of a body that is too long is not waited for.
      if (!request.complete) response.setHeader('connection', 'close');
      const err = isKiteError(error) ? error.message : 'internal error';
      const code = isKiteError(error, 'authenticationError') ? error.code : '';
      sendJson(response, status, { err, ...(code !== '' && { code }) });
    }
  }

  /** `GET /heartbeat?id=ID` */
  heartbeat(request: IncomingMessage, response: ServerResponse): void {
    if (!allows(request, response, 'GET')) return;
    const id = new URLSearchParams(request.url?.split('?')[1] ?? '').get('id');
    if (!id) {
      sendJson(response, 400, { err: 'missing or empty id' });
      return;
    }
    this.#options.metrics.heartbeat();
    sendText(response, 200, this.#options.registrar.heartbeat(id));
  }

  /** `GET /healthz`: 200 while the process answers. */
  health(request: IncomingMessage, response: ServerResponse): void {
    if (allows(request, response, 'GET')) sendText(response, 200, 'ok\n');
  }

  /** `GET /readyz`: 200 where registrations can be taken, else 503. */
  async readiness(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allows(request, response, 'GET')) return;
    if (await this.#options.replica.probe()) sendText(response, 200, 'ready\n');
    else sendText(response, 503, 'not ready: the store cannot be reached\n');
  }

  /** `GET /metrics`, for Prometheus. */
  async metrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!allows(request, response, 'GET')) return;
    const { metrics } = this.#options;
    response.setHeader('content-type', metrics.contentType);
    response.end(await metrics.text());
  }

  #applicant(body: Record<string, unknown>): Parameters<Registrar['registerHttp']>[0] {
    const { url, kite, auth } = body;
    if (typeof auth !== 'object' || auth === null)
      throw unauthenticated('No authentication information is provided');
    const { type, key } = auth as { type?: unknown; key?: unknown };
    if (type !== 'kiteKey')
      throw unauthenticated(`Unexpected authentication type: ${String(type).slice(0, QUOTED_LENGTH)}`);
    try {
      const verified = this.#options.credentials.verifyKiteKey(typeof key === 'string' ? key : '');
      return { url, kite: parseIdentity(kite), key: verified };
    } catch (error) {
      throw kiteKeyRefusal(error);
    }
  }
}

function unauthenticated(message: string): KiteError {
  return new KiteError('authenticationError', message);
}

function statusOf(error: unknown): number {
  if (!isKiteError(error) || hasCode(error, 'storeUnavailable')) return 500;
  return isKiteError(error, 'authenticationError') ? 401 : 400;
}

async function readJson(request: IncomingMessage, most: number): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new KiteError('argumentError', `the body is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new KiteError('argumentError', 'the body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new KiteError('argumentError', 'the body is not a JSON object');
  return value as Record<string, unknown>;
}

function allows(request: IncomingMessage, response: ServerResponse, method: string): boolean {
  if (request.method === method) return true;
  response.setHeader('allow', method);
  sendJson(response, 405, { err: `use ${method}` });
  return false;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}
