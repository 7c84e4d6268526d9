import { BATCH_MAX_BYTES, chunksBySize, jsonBytes } from '../../workflows/size';

describe('chunksBySize', () => {
  const chunks = (sizes: number[], maxBytes: number) => chunksBySize(sizes, (size) => size, maxBytes);

  it.each<[number[], number, number[][]]>([
    [[], 10, []],
    [[1, 2, 3], 10, [[1, 2, 3]]],
    [[5, 5, 5], 10, [[5, 5], [5]]],
    [[6, 5, 5], 10, [[6], [5, 5]]],
    [[50], 10, [[50]]],
    [[1, 50, 1, 1], 10, [[1], [50], [1, 1]]],
    [[0, 0, 10, 0], 10, [[0, 0, 10, 0]]],
  ])('cuts %j at %i bytes, in order', (sizes, maxBytes, expected) => {
    expect(chunks(sizes, maxBytes)).toEqual(expected);
  });

  it('loses nothing and keeps each part below the limit, but for what is too large by itself', () => {
    const sizes = Array.from({ length: 200 }, (_, index) => (index * 7919) % 97);
    const cut = chunks(sizes, 60);
    expect(cut.flat()).toEqual(sizes);
    for (const chunk of cut) {
      const bytes = chunk.reduce((sum, size) => sum + size, 0);
      expect(bytes <= 60 || chunk.length === 1).toBe(true);
    }
  });

  it('keeps a batch far below the 2 MB of one payload', () => {
    expect(chunksBySize(Array(100).fill('x'.repeat(100_000)), jsonBytes)[0]).toHaveLength(5);
    expect(BATCH_MAX_BYTES).toBeLessThan(1_000_000);
  });
});

describe('jsonBytes', () => {
  it.each([
    ['é', 4],
    ['🚀', 6],
    [{ a: [1, null] }, 14],
    [undefined, 0],
  ])('counts %j as UTF-8', (value, bytes) => {
    expect(jsonBytes(value)).toBe(bytes);
  });
});
