package headway.bench;

import io.confluent.parallelconsumer.PCRetriableException;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import io.confluent.parallelconsumer.PollContext;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Confluent's parallel-consumer: a consumer group whose members remember each record they have done, not only an offset. */
public final class ConfluentParallelConsumer {
    private ConfluentParallelConsumer() {}

    public static void main(String[] args) throws InterruptedException {
        Lifecycle.begin();
        Settings settings = Settings.fromEnvironment();
        Llm llm = new Llm(settings);
        ParallelStreamProcessor<String, byte[]> processor = ParallelStreamProcessor.createEosStreamProcessor(options(settings));
        CountDownLatch hasPartitions = new CountDownLatch(1);
        processor.subscribe(List.of(settings.queueTopic()), onAssigned(hasPartitions::countDown));
        processor.pollAndProduce(context -> work(settings, llm, context));
        hasPartitions.await();
        Lifecycle.ready(() -> processor.closeDontDrainFirst(Duration.ofSeconds(8)));
    }

    private static ParallelConsumerOptions<String, byte[]> options(Settings settings) {
        int sessionMs = (int) Settings.millis("SESSION_TIMEOUT_MS", 45_000).toMillis();
        Map<String, Object> consumer = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.brokers(),
                ConsumerConfig.GROUP_ID_CONFIG, settings.groupId(),
                ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, sessionMs,
                ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, Math.min(3_000, sessionMs / 3),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        return ParallelConsumerOptions.<String, byte[]>builder()
                .ordering(ProcessingOrder.UNORDERED)
                .maxConcurrency(settings.slots())
                .consumer(new KafkaConsumer<>(consumer, new StringDeserializer(), new ByteArrayDeserializer()))
                .producer(Clients.producer(settings))
                .retryDelayProvider(record -> settings.retryDelay())
                .commitInterval(Settings.millis("COMMIT_INTERVAL_MS", 5_000))
                .build();
    }

    /** Runs in a thread of its own. A record is done when what is returned is durable, and tried again when this throws. */
    private static ProducerRecord<String, byte[]> work(Settings settings, Llm llm, PollContext<String, byte[]> context) {
        byte[] value = context.getSingleConsumerRecord().value();
        Optional<Job> job = Job.parse(value);
        if (job.isEmpty()) return new ProducerRecord<>(settings.dlqTopic(), value);
        try {
            llm.call(job.get()).join();
        } catch (CompletionException error) {
            Lifecycle.log("tries again in " + settings.retryDelay().toMillis() + " ms", error);
            throw new PCRetriableException(error);
        }
        return new ProducerRecord<>(settings.resultsTopic(), job.get().id(), job.get().result());
    }

    private static ConsumerRebalanceListener onAssigned(Runnable then) {
        return new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                then.run();
            }
        };
    }
}
