/** The commands that connect to a kite. */
export const CONNECTION_COMMANDS = ['bench', 'call', 'describe', 'ping', 'shell', 'tell'] as const;

/** The commands that connect to Kontrol. */
export const KONTROL_COMMANDS = [
  'doctor',
  'kontrol invite',
  'kontrol keys list',
  'kontrol keys revoke',
  'kontrol keys rotate',
  'kontrol status',
  'kontrol ui',
  'kontrol users list',
  'kontrol users revoke',
  'kontrol users show',
  'proxy status',
  'query',
  'token',
  'top',
  'wait',
  'watch',
] as const;

/** The commands that manage the user's kite keys. */
export const KEY_COMMANDS = ['keys list', 'keys move', 'keys remove', 'keys show', 'showkey'] as const;

/** The commands that run a server. */
export const SERVER_COMMANDS = ['expose', 'kontrol start', 'proxy start', 'serve'] as const;
