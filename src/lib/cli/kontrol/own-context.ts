/** The context that remembers where Kontrol's own kite key is. */
export const KONTROL_CONTEXT = 'kontrol';
