/** Default timeout of a call to a store, in milliseconds. */
export const STORAGE_DEADLINE = 5000;
