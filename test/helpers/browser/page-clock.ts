import { ManualClock } from '../../../src/lib/testing/manual-clock.js';

// A clock for pages that the test advances.
Object.assign(globalThis, { ManualClock });
