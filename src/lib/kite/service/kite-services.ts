import type { KiteCore } from '../core/kite-core.js';
import type { AnyMethods, MethodName } from '../call/method-types.js';
import { Service } from './service.js';
import { ServiceCore, type ServiceHost } from './service-core.js';
import type { ServiceOptions, ServiceTarget } from './service-options.js';

type KiteOfServices = Omit<ServiceHost, 'kontrol' | 'serviceClosed'>;

/** The services of a kite, which are closed together with it. */
export class KiteServices {
  readonly #host: KiteOfServices;
  readonly #open = new Set<ServiceCore>();

  constructor(core: KiteCore) {
    const { clock, logger, timeout } = core.host;
    this.#host = {
      identity: core.identity,
      clock,
      logger,
      timeout,
      newClient: (url, options) => core.newClient(url, options),
    };
  }

  /** @throws QueryError or ConfigurationError that says which argument or option is invalid */
  create<Methods = AnyMethods>(
    target: ServiceTarget,
    options: ServiceOptions<NoInfer<MethodName<Methods>>> | undefined,
    kontrol: ServiceHost['kontrol'],
  ): Service<Methods> {
    const serviceClosed = (closed: ServiceCore): void => void this.#open.delete(closed);
    const core = new ServiceCore({ ...this.#host, kontrol, serviceClosed }, target, options);
    this.#open.add(core);
    return new Service<Methods>(core);
  }

  /** Dials the kites that wait for their next attempt, and Kontrol. */
  wake(): void {
    for (const core of this.#open) core.wake();
  }

  close(): void {
    for (const core of this.#open) core.close();
  }
}
