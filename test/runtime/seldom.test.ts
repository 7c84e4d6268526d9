import { createSeldom } from '../../runtime/seldom';

test('each key is said at once, then once in the time, with how often it happened since', () => {
  let now = 0;
  const seldom = createSeldom(1_000, () => now);
  const said: string[] = [];
  const happen = (key: string) => seldom(key, (times) => said.push(`${now} ${key} ${times}`));
  for (now = 0; now < 2_500; now += 100) happen('a');
  happen('b');
  now = 60_000;
  happen('b');
  expect(said).toEqual(['0 a 1', '1000 a 10', '2000 a 10', '2500 b 1', '60000 b 1']);
});

test('of very many keys the oldest are forgotten', () => {
  const seldom = createSeldom(1_000, () => 0, 3);
  const said: string[] = [];
  for (const key of ['a', 'b', 'c', 'c', 'd', 'b', 'a']) seldom(key, () => said.push(key));
  expect(said).toEqual(['a', 'b', 'c', 'd', 'a']);
});
