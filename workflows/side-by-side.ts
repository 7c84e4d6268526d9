/** Tasks of one workflow that run beside each other; a task may add further ones. */
export class SideBySide {
  private readonly tasks: Promise<void>[] = [];

  add(task: Promise<void>): void {
    // Awaited in `finished`; without this a task that fails earlier would count as unhandled.
    task.catch(() => undefined);
    this.tasks.push(task);
  }

  /** Returns when all tasks have ended, those added meanwhile too. Throws the first failure in order of adding. */
  async finished(): Promise<void> {
    for (let next = 0; next < this.tasks.length; next++) await this.tasks[next];
  }

  /** As `finished`, but never throws. */
  async settled(): Promise<void> {
    for (let next = 0; next < this.tasks.length; next++) await this.tasks[next]?.catch(() => undefined);
  }
}
