/** The library for pages that call many kites as one, `kitectl/browser/service`: `kitectl/browser` with another `Kite`. */
export * from './browser.js';
export type { Balance } from './kite/service/balancing.js';
export type { ServiceKite, ServiceKiteState } from './kite/service/endpoint.js';
export type { Service } from './kite/service/service.js';
export type { ServiceCalls } from './kite/service/service-calls.js';
export type {
  ServiceAnswer,
  ServiceEvents,
  ServiceMetrics,
  ServiceTarget,
} from './kite/service/service-options.js';
export {
  type PageServiceOptions as ServiceOptions,
  ServicePageKite as Kite,
} from './kite/page/service-page-kite.js';
