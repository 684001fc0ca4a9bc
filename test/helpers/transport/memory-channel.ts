export { MemoryChannel } from '../../../src/lib/testing/memory-channel.js';
