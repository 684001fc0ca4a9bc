import { toError } from '../../util/message-of.js';
import { codedError } from '../../protocol/errors.js';
import type { Registration } from '../kontrol/registration.js';
import { type ProxiedAddress, ProxyLink, type ProxyLinkOptions } from './proxy-link.js';

/** A registration with a proxy and with Kontrol. It is maintained until `stop`, or until the kite closes. */
export interface ProxyRegistration {
  /** Current public URL of the kite. It changes when the kite moves to another proxy; the kite then emits `register`. */
  readonly url: string;
  /** Disconnects from the proxy, and stops maintaining both registrations. */
  stop(): void;
}

export interface MaintainedProxyRegistrationOptions extends Omit<ProxyLinkOptions, 'onRegistered'> {
  /** Called when the kite has registered with a proxy. */
  readonly moved: ((address: ProxiedAddress) => void) | undefined;
  /** Registers with Kontrol. Undefined if no Kontrol is configured. */
  readonly registerAtKontrol: ((url: string) => Promise<Registration>) | undefined;
}

/** Maintains the registration with a proxy, and that with Kontrol under the public URL at the proxy. */
export class MaintainedProxyRegistration implements ProxyRegistration {
  readonly #options: MaintainedProxyRegistrationOptions;
  readonly #link: ProxyLink;
  #url = '';
  #atKontrol: Promise<Registration> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(options: MaintainedProxyRegistrationOptions) {
    this.#options = options;
    this.#link = new ProxyLink({ ...options, onRegistered: (address) => this.#moved(address) });
  }

  get url(): string {
    return this.#url;
  }

  /**
   * Resolves when the kite is registered with both. Rejects if it is stopped first, or if Kontrol rejects the kite permanently;
   * it then disconnects from the proxy.
   */
  start(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#resolve = () => resolve(this);
      this.#reject = reject;
      this.#link.start();
    });
  }

  stop(): void {
    this.#link.stop();
    this.#withKontrol((registration) => registration.stop());
    this.#reject?.(codedError('disconnect', 'closed', 'The registration was stopped'));
  }

  #moved(address: ProxiedAddress): void {
    this.#url = address.url;
    this.#options.moved?.(address);
    const { registerAtKontrol } = this.#options;
    if (!registerAtKontrol) {
      this.#resolve?.();
      return;
    }
    if (this.#atKontrol) {
      this.#withKontrol((registration) => registration.move(this.#url));
      return;
    }
    this.#atKontrol = registerAtKontrol(address.url);
    this.#atKontrol.then(
      () => this.#resolve?.(),
      (error: unknown) => {
        this.#reject?.(toError(error));
        this.#link.stop();
      },
    );
  }

  /** Runs `action` when the kite has registered with Kontrol. If that fails, `start` rejects with the error. */
  #withKontrol(action: (registration: Registration) => void): void {
    this.#atKontrol?.then(action, () => undefined);
  }
}
