import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { wholeNumberFrom } from '../../kite/config/accepted-values.js';
import { defaultLimits, type Limits } from '../../kite/limits/kite-limits.js';
import { defaultKontrolLimits, type KontrolLimits } from '../../kontrol/limits/kontrol-limits.js';
import { defaultProxyLimits, type ProxyLimits } from '../../proxy/limits/proxy-limits.js';
import type { CliSetting } from './cli-setting.js';
import { LIST } from './command-values.js';

/** Limits of a server that a user sets. */
export type ChosenLimits<All> = { readonly [Name in keyof All]?: number };

const parseValue = wholeNumberFrom(0, Number.MAX_SAFE_INTEGER);

/**
 * Accepts `NAME=VALUE` with the names of `defaults`, from repeated flags or separated by commas. `server` is what has the limits.
 */
function limitsOf<All extends object>(server: string, defaults: All): AcceptedValue<ChosenLimits<All>> {
  return {
    description:
      `NAME=VALUE, or several separated by commas, with the name of a limit of ${server} (docs/limits.md) and a whole number, ` +
      '0 or more',
    example: 'messageBytes=1048576',
    beginnings: Object.keys(defaults).map((name) => `${name}=`),
    parse(value) {
      const limits: Record<string, number> = {};
      for (const text of LIST.parse(value) ?? ['']) {
        const [, name = '', digits] = /^(\w+)=(\d+)$/.exec(text) ?? [];
        const limit = parseValue(digits);
        if (limit === undefined || !Object.hasOwn(defaults, name)) return undefined;
        limits[name] = limit;
      }
      return limits;
    },
  };
}

const limits = {
  name: 'limits',
  flag: {
    name: 'limit',
    kind: 'list',
    description: 'The limits are listed in docs/limits.md. Sizes are in bytes, and times in milliseconds.',
    helpValue: 'NAME=VALUE',
  },
  variables: ['KITE_LIMITS'],
  default: {},
  defaultText: '',
} as const;

/** The limits of each command that runs a server. */
export const limitSettings = {
  serve: {
    ...limits,
    summary: 'Change a limit of the kite, such as messageBytes=1048576. Repeatable.',
    accept: limitsOf<Limits>('a kite', defaultLimits),
    commands: ['serve'],
  },
  kontrolStart: {
    ...limits,
    summary: 'Change a limit of Kontrol, such as messageBytes=1048576. Repeatable.',
    accept: limitsOf<KontrolLimits>('Kontrol', defaultKontrolLimits),
    commands: ['kontrol start'],
  },
  proxyStart: {
    ...limits,
    summary: 'Change a limit of the proxy, such as messageBytes=1048576. Repeatable.',
    accept: limitsOf<ProxyLimits>('a proxy', defaultProxyLimits),
    commands: ['proxy start'],
  },
} as const satisfies Readonly<Record<string, CliSetting>>;
