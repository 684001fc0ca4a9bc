import type { AnyMethods, MethodName } from '../call/method-types.js';
import type { KontrolClient } from '../kontrol/kontrol-client.js';
import { KiteServices } from '../service/kite-services.js';
import type { Service } from '../service/service.js';
import type { ServiceOptions, ServiceTarget } from '../service/service-options.js';
import { composePageKite } from './compose-page-kite.js';
import { PageKite, pageParts } from './page-kite.js';
import type { PageClientOptions, PageKiteOptions } from './page-kite-options.js';

/** Options of a service of a page. */
export interface PageServiceOptions<Name extends string = string>
  extends ServiceOptions<Name, PageClientOptions> {
  /** Finds the kites of a query. Default: none, so that only URLs can be served. */
  readonly kontrol?: KontrolClient;
}

/**
 * A kite in a page that calls many kites as one.
 *
 * @example
 *     const kite = new Kite('page', '1.0.0');
 *     const math = kite.service('/bob/prod/math', { kontrol: kite.kontrol({ url, auth }) });
 *     await math.tell('square', 4); // 16
 */
// It extends PageKite so that code for `kitectl/browser` accepts it.
export class ServicePageKite<Methods = AnyMethods> extends PageKite<Methods> {
  readonly #services: KiteServices;

  constructor(name: string, version: string, options: PageKiteOptions = {}) {
    const core = composePageKite(name, version, options, pageParts);
    super(name, version, options, core);
    this.#services = new KiteServices(core);
  }

  /**
   * Returns a client of many kites: of those that match a query for the `kontrol` in the options, or of those at some URLs. It is
   * closed together with this kite.
   *
   * @throws QueryError or ConfigurationError that says what is invalid
   */
  service<Remote = AnyMethods>(
    target: ServiceTarget,
    options?: PageServiceOptions<NoInfer<MethodName<Remote>>>,
  ): Service<Remote> {
    return this.#services.create<Remote>(target, options, options?.kontrol);
  }

  protected override wake(): void {
    super.wake();
    this.#services.wake();
  }

  override close(): Promise<void> {
    this.#services.close();
    return super.close();
  }
}
