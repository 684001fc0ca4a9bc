// Loaded into a command. Its clock differs from that of this machine by CLOCK_DIFFERENCE milliseconds.
const { now } = Date;
const difference = Number(process.env.CLOCK_DIFFERENCE);
Date.now = () => now() + difference;
