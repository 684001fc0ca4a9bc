/** The test kit: a Kontrol in memory, kites and keys, a clock that a test advances, connections that fail on demand. */
export { type FaultyPair, type Faults, faultyPair } from './testing/faulty-pair.js';
export { ManualClock } from './testing/manual-clock.js';
export { MemoryChannel } from './testing/memory-channel.js';
export { type TestKontrol, testKontrol } from './testing/test-kontrol.js';
export { silentLogger } from './util/logger.js';
