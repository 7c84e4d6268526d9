import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Knows which answers are under way on each connection. When that is gone every one of them emits `close`: Node.js 20 leaves out those that wait
 * behind another one, and what they hold would be held for ever.
 */
export function watchConnections(app: FastifyInstance) {
  const answers = new WeakMap<Socket, Set<ServerResponse>>();

  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    const own = answers.get(socket) ?? watch(socket);
    own.add(reply.raw);
    reply.raw.once('close', () => own.delete(reply.raw));
    done();
  });

  function watch(socket: Socket): Set<ServerResponse> {
    const own = new Set<ServerResponse>();
    answers.set(socket, own);
    socket.once('close', () => {
      for (const response of own) {
        // Node.js tells the one that has the connection.
        if (response.socket) continue;
        response.destroy();
        response.emit('close');
      }
    });
    return own;
  }

  return {
    /** Whether the client would take what is sent now for a part of an answer, or for the answer to a request that is being worked on. */
    isAnswering(socket: Socket): boolean {
      return [...(answers.get(socket) ?? [])].some(({ headersSent, req }) => headersSent || req.complete);
    },
  };
}
