import { SideBySide } from '../../workflows/side-by-side';

const later = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('tasks side by side', () => {
  it('are finished when none is left', async () => {
    await new SideBySide().finished();
  });

  it('are finished when all have ended, those that others added too', async () => {
    const work = new SideBySide();
    const ended: string[] = [];
    const task = async (name: string, depth: number): Promise<void> => {
      await later();
      if (depth > 0) work.add(task(`${name}'`, depth - 1));
      ended.push(name);
    };
    work.add(task('a', 3));
    work.add(task('b', 0));
    await work.finished();
    expect(ended.sort()).toEqual(['a', "a'", "a''", "a'''", 'b']);
  });

  it('fail with the first failure in order of adding, and not as an unhandled rejection', async () => {
    const work = new SideBySide();
    work.add(later().then(later));
    work.add(later().then(() => Promise.reject(new Error('first added'))));
    work.add(Promise.reject(new Error('first to fail')));
    await later();
    await expect(work.finished()).rejects.toThrow('first added');
  });

  it('can be waited for to the end although some fail', async () => {
    const work = new SideBySide();
    let ended = false;
    work.add(Promise.reject(new Error('early')));
    work.add(
      later().then(() => {
        ended = true;
      }),
    );
    await work.settled();
    expect(ended).toBe(true);
  });
});
