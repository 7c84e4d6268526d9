/**
 * The LLM simulator listens on this machine's loopback address only, which in a container nobody else can reach. This starts it on
 * another port and lets the other containers in on 8089.
 */
const { connect, createServer } = require('node:net');

const innerPort = 8090;
process.env.SIMULATOR_PORT = String(innerPort);
require('../../dist/stack/llm-simulator/main.js');

createServer((outside) => {
  const inside = connect(innerPort, '127.0.0.1');
  for (const [from, to] of [
    [outside, inside],
    [inside, outside],
  ]) {
    from.pipe(to);
    // A connection that the simulator resets on purpose is reset for the client too.
    from.on('error', () => to.resetAndDestroy());
  }
}).listen(8089, '0.0.0.0');
