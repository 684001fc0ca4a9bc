import { messageOf } from '../../util/message-of.js';
import type { LinkedKontrolClientOptions } from './linked-kontrol-client.js';
import type { KontrolLink } from './kontrol-link.js';
import type { RegisterResponse } from './kontrol-responses.js';
import type { OwnUrl } from './own-url.js';
import { type Registration, registerForever, registerOnce } from './registration.js';

export interface KontrolRegistrantOptions extends LinkedKontrolClientOptions {
  /** Called when the kite has registered. */
  readonly registered: (response: RegisterResponse) => Promise<void>;
  /** Called when an attempt of `registerForever` has failed. */
  readonly registerFailed: (error: Error) => void;
}

/** Registers a kite on a link. */
export class KontrolRegistrant {
  readonly #options: KontrolRegistrantOptions;
  readonly #link: KontrolLink;
  /** Ends the renewal of the kite key by the last call of `register`. */
  #endRenewal: (() => void) | undefined;

  constructor(options: KontrolRegistrantOptions, link: KontrolLink) {
    this.#options = options;
    this.#link = link;
  }

  /** Registers once. The registration ends with the connection. Rejects with the error of Kontrol. */
  async register(url: OwnUrl): Promise<{ readonly url: string }> {
    const client = await this.#link.connect();
    const response = await registerOnce(client, { ...this.#options, url });
    const renewKey = (): void => {
      registerOnce(client, { ...this.#options, url }).catch((error: unknown) =>
        this.#options.logger.warn(`Cannot renew the kite key: ${messageOf(error)}`),
      );
    };
    this.#endRenewal?.();
    this.#endRenewal = this.#link.on('renewKey', renewKey);
    client.on('disconnect', this.#endRenewal);
    return { url: response.url };
  }

  /**
   * Registers and maintains the registration: again after each disconnect, with the next Kontrol if one is not available.
   * Resolves when the kite is registered for the first time. Until then, each failure is logged, passed to `registerFailed`,
   * and followed by another attempt. Rejects if the kite closes first, or if another attempt cannot succeed.
   */
  async registerForever(url: OwnUrl): Promise<Registration> {
    if (this.#options.urls.length === 0) await this.#link.connect();
    const { registerFailed: failed } = this.#options;
    return registerForever({ ...this.#options, failed, link: this.#link, url });
  }
}
