import { codedError } from '../../protocol/errors.js';
import type { Registration } from '../kontrol/registration.js';
import { type ProxiedAddress, ProxyLink, type ProxyLinkOptions } from './proxy-link.js';

/** A registration with a proxy that is kept up, there and at Kontrol. */
export interface ProxyRegistration {
  /**
   * Under which others reach the kite. Another one after it has moved to another proxy, of which the kite's event
   * `register` tells.
   */
  readonly url: string;
  /** Leaves the proxy, and keeps neither registration up any longer. */
  stop(): void;
}

export interface MaintainedProxyRegistrationOptions extends Omit<ProxyLinkOptions, 'onRegistered'> {
  /** The kite is registered with this proxy from now on. */
  readonly moved: ((at: ProxiedAddress) => void) | undefined;
  /** Registers at Kontrol. Undefined: there is none. */
  readonly registerAtKontrol: ((url: string) => Promise<Registration>) | undefined;
}

/** Registered with whichever proxy there is, and at Kontrol under the URL that the kite has at that proxy. */
export class MaintainedProxyRegistration implements ProxyRegistration {
  readonly #options: MaintainedProxyRegistrationOptions;
  readonly #link: ProxyLink;
  #url = '';
  #atKontrol: Promise<Registration> | undefined;
  #ready: (() => void) | undefined;
  #giveUp: ((error: Error) => void) | undefined;

  constructor(options: MaintainedProxyRegistrationOptions) {
    this.#options = options;
    this.#link = new ProxyLink({ ...options, onRegistered: (at) => this.#moved(at) });
  }

  get url(): string {
    return this.#url;
  }

  /**
   * Resolves when it is registered at both. Rejects when it is stopped before, or where Kontrol refuses the kite for good;
   * then it leaves the proxy too.
   */
  start(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#ready = () => resolve(this);
      this.#giveUp = reject;
      this.#link.start();
    });
  }

  stop(): void {
    this.#link.stop();
    this.#withKontrol((registration) => registration.stop());
    this.#giveUp?.(codedError('disconnect', 'closed', 'The registration was stopped'));
  }

  #moved(at: ProxiedAddress): void {
    this.#url = at.url;
    this.#options.moved?.(at);
    const { registerAtKontrol } = this.#options;
    if (!registerAtKontrol) {
      this.#ready?.();
      return;
    }
    if (this.#atKontrol) {
      this.#withKontrol((registration) => registration.move(this.#url));
      return;
    }
    this.#atKontrol = registerAtKontrol(at.url);
    this.#atKontrol.then(
      () => this.#ready?.(),
      (error: unknown) => {
        this.#giveUp?.(error instanceof Error ? error : new Error(String(error)));
        this.#link.stop();
      },
    );
  }

  /** Does something to the registration at Kontrol once it is there. What became of it where it never is, `start` tells. */
  #withKontrol(work: (registration: Registration) => void): void {
    this.#atKontrol?.then(work, () => undefined);
  }
}
