import type { TcpProxy } from '../tcp-proxy';
import { NoEffect, type Fault, type Scene } from './fault';
import { servers } from './resources';
import { sign, times } from './waiting';

/** The network between our processes and the servers. */
export const networkFaults: Fault[] = [
  {
    name: 'network-cut',
    about: 'connections between random pairs reset, again and again, for 20 s',
    needs: servers,
    repeatsLlmCalls: 10,
    async strike({ world, random }) {
      let cut = 0;
      for (let time = 0; time < 10; time++) {
        const proxy = random.pick(world.allProxies);
        cut += proxy.connections();
        proxy.cut();
        await world.last(2_000);
      }
      if (cut === 0) throw new NoEffect('none of the chosen pairs was connected');
      return `${cut} connections reset`;
    },
  },
  {
    name: 'network-refused',
    about: 'a random server refuses connections for 20 s',
    needs: servers,
    repeatsLlmCalls: 3,
    async strike(scene) {
      let before = 0;
      const refuse = (proxy: TcpProxy) => {
        before = proxy.attempts();
        proxy.refuse();
      };
      return await oneProxy(scene, refuse, (proxy) => proxy.attempts() - before, 'connections refused');
    },
  },
  {
    name: 'network-stalled',
    about: 'no byte flows to or from a random server for 20 s, though connections stand',
    needs: servers,
    repeatsLlmCalls: 4,
    strike: (scene) => oneProxy(scene, (proxy) => proxy.stall(), waiting, 'bytes and connections waited'),
  },
  {
    name: 'network-slow',
    about: 'every byte to or from every server is 0.3 s late, for 20 s',
    needs: servers,
    // Connections that hold something at its end are reset.
    repeatsLlmCalls: 1,
    async strike({ world }) {
      const late = new Set<TcpProxy>();
      try {
        world.allProxies.forEach((proxy) => proxy.delay(300));
        await sign('bytes are late', () => {
          world.allProxies.filter((proxy) => waiting(proxy) > 0).forEach((proxy) => late.add(proxy));
          return late.size > 1;
        });
        await world.last(20_000);
      } finally {
        world.allProxies.forEach((proxy) => proxy.restore());
      }
      return `bytes were late between ${late.size} pairs at least`;
    },
  },
  {
    name: 'network-half-closed',
    about: 'servers seem to have closed their connections while they still listen, three random pairs',
    needs: servers,
    repeatsLlmCalls: 3,
    async strike({ world, random }) {
      let closed = 0;
      for (let time = 0; time < times(world, 3) || (closed === 0 && time < 20); time++) {
        const proxy = random.pick(world.allProxies);
        closed += proxy.connections();
        proxy.halfClose();
        await world.last(5_000);
      }
      if (closed === 0) throw new NoEffect('none of the chosen pairs was connected');
      return `${closed} connections half closed`;
    },
  },
];

async function oneProxy(
  { world, random }: Scene,
  change: (proxy: TcpProxy) => void,
  struck: (proxy: TcpProxy) => number,
  what: string,
): Promise<string> {
  const proxy = random.pick(world.allProxies);
  try {
    change(proxy);
    await world.last(20_000);
    await sign(`${what} at ${proxy.name}`, () => struck(proxy) > 0);
    return `${proxy.name}: ${struck(proxy)} ${what}`;
  } finally {
    proxy.restore();
  }
}

function waiting(proxy: TcpProxy): number {
  const { bytes, connections } = proxy.waiting();
  return bytes + connections;
}
