import { createTurns } from '../../../bridge/kafka/turns';
import { deferred, settled } from './support';

test('whoever is no longer wanted when its turn comes requests nothing, and the next one has the turn', async () => {
  const turns = createTurns(2);
  const open = [deferred(), deferred()];
  let isWanted = true;
  const begun: string[] = [];
  const request = (name: string, end?: Promise<void>) => async () => {
    begun.push(name);
    await end;
    return name;
  };
  const first = open.map(({ promise }, place) => turns(() => isWanted, request(`held ${place}`, promise)));
  const late = turns(() => isWanted, request('late'));
  const other = turns(() => true, request('other'));
  await settled();
  expect(begun).toEqual(['held 0', 'held 1']);
  isWanted = false;
  open[0]!.resolve();
  await expect(Promise.all([late, other, first[0]])).resolves.toEqual([undefined, 'other', 'held 0']);
  open[1]!.resolve();
  await first[1];
  expect(begun).toEqual(['held 0', 'held 1', 'other']);
});
