import type { IncomingMessage, ServerResponse } from 'node:http';
import { resetConnection } from './http';

interface Waiting {
  request: IncomingMessage;
  timer?: NodeJS.Timeout;
}

/** Requests that are held open until their answer is due. */
export class WaitingCalls {
  private readonly open = new Set<Waiting>();

  /**
   * Holds a request open.
   * @param delayMs real milliseconds; Infinity holds it until the client goes
   * @param answer called when the time has come, unless the client went away before
   * @param gone called instead when the connection ended first
   */
  hold(
    { request, response }: { request: IncomingMessage; response: ServerResponse },
    delayMs: number,
    answer: () => void,
    gone: () => void = () => {},
  ): void {
    const waiting: Waiting = { request };
    this.open.add(waiting);
    const onClose = () => {
      if (!this.open.delete(waiting)) return;
      clearTimeout(waiting.timer);
      gone();
    };
    if (response.destroyed) return onClose();
    response.once('close', onClose);
    if (delayMs === Infinity) return;
    waiting.timer = setTimeout(() => {
      this.open.delete(waiting);
      answer();
    }, delayMs);
  }

  /** Ends every held connection with a reset; their `gone` is called. */
  resetAll(): void {
    for (const { request } of this.open) resetConnection(request);
  }
}
