/** A binary heap: gives back what is due first. */
export class DueQueue<Item> {
  private readonly heap: { dueMs: number; item: Item }[] = [];

  push(dueMs: number, item: Item): void {
    const { heap } = this;
    let index = heap.length;
    heap.push({ dueMs, item });
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.dueMs <= dueMs) break;
      [heap[parent], heap[index]] = [heap[index]!, heap[parent]!];
      index = parent;
    }
  }

  /** The next item that was due at `nowMs`, or undefined. */
  popDue(nowMs: number): Item | undefined {
    const { heap } = this;
    const first = heap[0];
    if (!first || first.dueMs > nowMs) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.sink();
    }
    return first.item;
  }

  private sink(): void {
    const { heap } = this;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < heap.length && heap[left]!.dueMs < heap[least]!.dueMs) least = left;
      if (right < heap.length && heap[right]!.dueMs < heap[least]!.dueMs) least = right;
      if (least === index) return;
      [heap[least], heap[index]] = [heap[index]!, heap[least]!];
      index = least;
    }
  }
}
