/** Milliseconds that a store has for a call, where nobody says otherwise. */
export const STORAGE_DEADLINE = 5000;
