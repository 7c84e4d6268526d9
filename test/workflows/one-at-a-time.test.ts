import { oneAtATime } from '../../workflows/one-at-a-time';

test('what is given begins when what was given before has ended, well or not', async () => {
  const inTurn = oneAtATime();
  const events: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string, fails = false) =>
    inTurn(async () => {
      events.push(`${name} begins`);
      await new Promise<void>((resolve) => ends.push(resolve));
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const first = work('first', true);
  const second = work('second');
  const failed = expect(first).rejects.toThrow('first');
  await Promise.resolve();
  expect(events).toEqual(['first begins']);
  ends[0]?.();
  await failed;
  await Promise.resolve();
  expect(events).toEqual(['first begins', 'first ends', 'second begins']);
  ends[1]?.();
  await expect(second).resolves.toBe('second');
});
