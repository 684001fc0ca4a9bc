import type { Client } from '../call/client.js';
import type { RegisterResponse } from './kontrol-responses.js';
import { KontrolClient, type KontrolClientOptions } from './kontrol-client.js';
import { type Registration, registerForever, registerOnce } from './registration.js';

export interface KontrolRegistrantOptions extends KontrolClientOptions {
  /** The kite is registered. */
  readonly registered: (answer: RegisterResponse) => Promise<void>;
  /** A registration that is kept up was not taken. */
  readonly registerFailed: (error: Error) => void;
}

/** A client of Kontrol that registers there as well. */
export class KontrolRegistrant extends KontrolClient {
  readonly #options: KontrolRegistrantOptions;

  constructor(options: KontrolRegistrantOptions) {
    super(options);
    this.#options = options;
  }

  /** The client of the Kontrol that is connected. */
  get client(): Client | undefined {
    return this.link.client;
  }

  /** Registers once, for as long as the connection lasts. Rejects with what Kontrol has against it. */
  async register({ url }: { readonly url: string }): Promise<{ readonly url: string }> {
    const answer = await registerOnce(await this.link.connect(), { ...this.#options, url });
    return { url: answer.url };
  }

  /**
   * Registers and stays registered: again after each disconnect, at the next Kontrol where one is gone. Resolves when it
   * is registered; what stands in the way is logged, told to `registerFailed`, and tried again. Rejects where the kite closes
   * before, and with what Kontrol has against it where asking again does not help.
   */
  async registerForever({ url }: { readonly url: string }): Promise<Registration> {
    if (this.#options.urls.length === 0) await this.link.connect();
    const { registerFailed: failed } = this.#options;
    return registerForever({ ...this.#options, failed, link: this.link, url });
  }

  /** Keeps up no registration any more, and no watch; those that wait for Kontrol reject. Calls can still be made. */
  retire(): void {
    this.link.retire();
  }
}
