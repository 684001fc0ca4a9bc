import { proxyStartSettings } from '../settings/proxy-start-settings.js';
import { flagsOf } from '../settings/setting-flags.js';

/** The flags of `proxy start`. */
export const proxyStartFlags = flagsOf(proxyStartSettings);
