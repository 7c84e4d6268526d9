import type { TcpProxy } from '../tcp-proxy';
import type { Fault, Scene } from './fault';

/** The network between our processes and the servers. */
export const networkFaults: Fault[] = [
  {
    name: 'network-cut',
    about: 'connections between random pairs reset, again and again, for 20 s',
    repeatsLlmCalls: 10,
    async strike({ world, random }) {
      for (let time = 0; time < 10; time++) {
        random.pick(world.allProxies).cut();
        await world.last(2_000);
      }
    },
  },
  {
    name: 'network-refused',
    about: 'a random server refuses connections for 20 s',
    repeatsLlmCalls: 3,
    strike: (scene) => oneProxy(scene, (proxy) => proxy.refuse()),
  },
  {
    name: 'network-stalled',
    about: 'no byte flows to or from a random server for 20 s, though connections stand',
    repeatsLlmCalls: 4,
    strike: (scene) => oneProxy(scene, (proxy) => proxy.stall()),
  },
  {
    name: 'network-slow',
    about: 'every byte to or from every server is 0.3 s late, for 20 s',
    // Connections that hold something at its end are reset.
    repeatsLlmCalls: 1,
    async strike({ world }) {
      world.allProxies.forEach((proxy) => proxy.delay(300));
      await world.last(20_000);
      world.allProxies.forEach((proxy) => proxy.restore());
    },
  },
  {
    name: 'network-half-closed',
    about: 'servers seem to have closed their connections while they still listen, three random pairs',
    repeatsLlmCalls: 3,
    async strike({ world, random }) {
      for (let time = 0; time < 3; time++) {
        random.pick(world.allProxies).halfClose();
        await world.last(5_000);
      }
    },
  },
];

async function oneProxy({ world, random }: Scene, change: (proxy: TcpProxy) => void): Promise<void> {
  const proxy = random.pick(world.allProxies);
  change(proxy);
  await world.last(20_000);
  proxy.restore();
}
