// RabbitMQ, a quorum queue: a message is gone when it is acknowledged, after its result is written. What a dead process had in hand is delivered
// again: each job happens at least once. `prefetch` is how many are in hand. A failed job is put back after a pause, since RabbitMQ 3 puts back at
// once; after `x-delivery-limit` deliveries, and when it is rejected, a message goes to the dead-letter exchange.
// https://www.rabbitmq.com/docs/confirms  https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling
import { connect, type ConsumeMessage } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { callLlm, openResults, parseJob, readSettings, ready, runProgram } from './job';

runProgram(async () => {
  const settings = readSettings();
  const results = await openResults(settings);
  const { AMQP_URL, AMQP_QUEUE, RETRY_DELAY_MS } = process.env;
  const connection = await connect(AMQP_URL ?? '');
  connection.on('error', () => process.exit(1));
  const channel = await connection.createChannel();
  const inHand = new Set<Promise<void>>();

  const workOn = async (message: ConsumeMessage): Promise<void> => {
    const job = parseJob(message.content);
    if (!job) return channel.nack(message, false, false);
    try {
      await callLlm(settings, job);
      await results.publish(job);
      channel.ack(message);
    } catch (error) {
      console.error((error as Error).message);
      const deliveries = Number(message.properties.headers?.['x-delivery-count'] ?? 0);
      await delay(Number(RETRY_DELAY_MS) * Math.min(30, 2 ** deliveries));
      channel.nack(message, false, true);
    }
  };

  await channel.prefetch(settings.slots);
  const { consumerTag } = await channel.consume(AMQP_QUEUE ?? '', (message) => {
    if (!message) return process.exit(1);
    const work = workOn(message).finally(() => inHand.delete(work));
    inHand.add(work);
  });
  ready(async () => {
    await channel.cancel(consumerTag);
    await Promise.race([Promise.all(inHand), delay(8_000)]);
    // Answered behind the last acknowledgement, which the end of the connection may overtake.
    await channel.close();
    await connection.close();
    await results.close();
  });
});
