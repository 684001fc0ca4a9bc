export { ManualClock } from '../../../src/lib/testing/manual-clock.js';
