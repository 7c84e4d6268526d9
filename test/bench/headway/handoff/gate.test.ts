import { createGate } from '../../../../bench/headway/handoff/gate';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Some that go through it one after the other, each for ever, and what they are doing. */
function walk(gate: ReturnType<typeof createGate>, walkers: number) {
  let done = 0;
  let under = 0;
  let most = 0;
  const one = async () => {
    while (await gate.enter()) {
      most = Math.max(most, ++under);
      await settled();
      under -= 1;
      done += 1;
      gate.leave();
    }
  };
  const all = Promise.all(Array.from({ length: walkers }, one));
  return { all, done: () => done, under: () => under, most: () => most };
}

it('lets as many in as belong to a part, and nobody between two parts', async () => {
  const gate = createGate([10, 7]);
  const walkers = walk(gate, 4);
  await settled();
  expect(walkers.done()).toBe(0);
  await gate.passed();
  expect([walkers.done(), walkers.under(), walkers.most()]).toEqual([10, 0, 4]);
  await settled();
  expect(walkers.done()).toBe(10);
  await gate.passed();
  expect([walkers.done(), walkers.under()]).toEqual([17, 0]);
  gate.close();
  await walkers.all;
  expect(walkers.done()).toBe(17);
});

it('does not wait for more than there are', async () => {
  const gate = createGate([2]);
  const passed = gate.passed();
  await gate.enter();
  await gate.enter();
  gate.leave();
  gate.leave();
  await passed;
});

it('tells whoever waits, and whoever will, what failed', async () => {
  const gate = createGate([2, 2]);
  const passed = gate.passed();
  await gate.enter();
  gate.fail(new Error('no server'));
  await expect(passed).rejects.toThrow('no server');
  await expect(gate.passed()).rejects.toThrow('no server');
});

it('lets nobody in who comes behind its end', async () => {
  const gate = createGate([2]);
  gate.close();
  await expect(gate.enter()).resolves.toBe(false);
});

it('leaves those waiting for whom there is no room', async () => {
  const gate = createGate([2]);
  const entered: boolean[] = [];
  for (let n = 0; n < 3; n++) void gate.enter().then((isLetIn) => entered.push(isLetIn));
  void gate.passed();
  await settled();
  expect(entered).toEqual([true, true]);
  gate.close();
  await settled();
  expect(entered).toEqual([true, true, false]);
});
