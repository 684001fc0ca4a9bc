import { accessSettings } from './access-settings.js';
import type { CliSetting } from './cli-setting.js';
import { commonSettings } from './common-settings.js';
import { HEADER_FILE } from './command-values.js';
import type { ContextField } from './contexts.js';

const { kontrol, username, kiteKey, keyStore, to, timeout, transport } = commonSettings;
const { ca, cert, key, header } = accessSettings;

/** The settings that a context can contain, by the flags of `context add`. */
export const contextSettings = {
  kontrol,
  username: { ...username, flag: { name: 'username', summary: 'Your user at Kontrol.', helpValue: 'NAME' } },
  'key-store': keyStore,
  'key-file': kiteKey,
  to,
  timeout,
  transport,
  ca,
  cert,
  key,
  header: {
    ...header,
    flag: {
      name: 'header',
      summary: 'File with headers to send, one per line, as @FILE.',
      helpValue: '@FILE',
      helpGroup: header.flag.helpGroup,
    },
    accept: HEADER_FILE,
  },
} as const satisfies Readonly<Record<string, CliSetting & { readonly context: ContextField }>>;
