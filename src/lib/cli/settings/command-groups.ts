/** The commands that talk to one kite. */
export const CONNECTING = ['bench', 'call', 'describe', 'ping', 'shell', 'tell'] as const;

/** The commands that ask Kontrol. */
export const ASKING_KONTROL = [
  'doctor',
  'kontrol invite',
  'kontrol keys list',
  'kontrol keys revoke',
  'kontrol keys rotate',
  'kontrol status',
  'kontrol ui',
  'proxy status',
  'query',
  'token',
  'top',
  'watch',
] as const;

/** The commands that are about the kite keys of a person. */
export const ABOUT_KEYS = ['keys list', 'keys move', 'keys remove', 'keys show', 'showkey'] as const;

/** The commands that run a kite. */
export const SERVING = ['expose', 'kontrol start', 'proxy start', 'serve'] as const;
