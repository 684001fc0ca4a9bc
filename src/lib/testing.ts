/** The test kit: a Kontrol in memory, kites and keys, a manual clock, and connections with injected faults. */
export { type FaultyPair, type Faults, faultyPair } from './testing/faulty-pair.js';
export { ManualClock } from './testing/manual-clock.js';
export { MemoryChannel } from './testing/memory-channel.js';
export { type TestKontrol, testKontrol } from './testing/test-kontrol.js';
export { silentLogger } from './util/logger.js';
