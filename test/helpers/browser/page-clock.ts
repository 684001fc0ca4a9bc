import { ManualClock } from '../../../src/lib/testing/manual-clock.js';

// For pages: a clock that the test advances.
Object.assign(globalThis, { ManualClock });
