import type { Auth, CallOptions, Client } from '../../index.js';
import { RemoteStream } from '../../kite/streams/remote-stream.js';
import { isMissingAuthentication } from '../../protocol/missing-authentication.js';

/** The connection to a kite, as commands use it. */
export interface TargetClient extends Pick<Client, 'on' | 'close' | 'extensions'> {
  call<Result = unknown>(method: string, args: unknown[], options?: CallOptions): Promise<Result>;
  callStream(method: string, args: unknown[], options: CallOptions): RemoteStream<unknown, unknown>;
}

/**
 * Makes calls without credentials until the kite requires them. Then gets them, once per connection, and repeats the calls that
 * the kite has rejected without running them.
 */
export class OnDemandClient implements TargetClient {
  readonly #client: Client;
  readonly #getAuth: () => Promise<Auth>;
  #authenticating: Promise<void> | undefined;

  /** `getAuth` is called at most once. If it rejects, the calls that require credentials reject with its error. */
  constructor(client: Client, getAuth: () => Promise<Auth>) {
    this.#client = client;
    this.#getAuth = getAuth;
  }

  call<Result = unknown>(method: string, args: unknown[], options?: CallOptions): Promise<Result> {
    return this.#withAuth(() => this.#client.call<Result, string>(method, args, options));
  }

  callStream(method: string, args: unknown[], options: CallOptions): RemoteStream<unknown, unknown> {
    return new RemoteStream(
      (stream) => this.#withAuth(() => this.#client.openStream<unknown>(method, args, options, stream)),
      options.signal,
    );
  }

  #withAuth<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = call();
    if (this.#client.auth) return result;
    return result.catch(async (error: unknown) => {
      if (!isMissingAuthentication(error)) throw error;
      await (this.#authenticating ??= this.#authenticate());
      return call();
    });
  }

  on: TargetClient['on'] = (name, listener) => this.#client.on(name, listener);

  get extensions(): Client['extensions'] {
    return this.#client.extensions;
  }

  close(): void {
    this.#client.close();
  }

  async #authenticate(): Promise<void> {
    this.#client.auth = await this.#getAuth();
  }
}
