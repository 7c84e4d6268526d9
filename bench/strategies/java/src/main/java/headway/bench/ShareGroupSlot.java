package headway.bench;

import static java.util.concurrent.CompletableFuture.completedFuture;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * One consumer of the share group and the one record it has in hand, as the section on renewal in the documentation of
 * KafkaShareConsumer shows it.
 */
final class ShareGroupSlot extends Thread {
    private static final Duration STOP_TIME = Duration.ofSeconds(8);
    private static final int DEFAULT_LOCK_MS = 30_000;
    private static final long LONGEST_WAIT_MS = 5_000;

    private record InHand(int partition, long offset, CompletableFuture<AcknowledgeType> outcome) {}

    private final Settings settings;
    private final Llm llm;
    private final KafkaProducer<String, byte[]> results;
    private final KafkaShareConsumer<byte[], byte[]> consumer;
    private volatile boolean finishing;
    private InHand inHand;

    ShareGroupSlot(String name, Settings settings, Llm llm, KafkaProducer<String, byte[]> results) {
        super(name);
        setDaemon(true);
        this.settings = settings;
        this.llm = llm;
        this.results = results;
        Map<String, Object> config = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.brokers(),
                ConsumerConfig.GROUP_ID_CONFIG, settings.groupId(),
                ConsumerConfig.CLIENT_ID_CONFIG, name,
                ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG, "explicit",
                ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG, "record_limit",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        consumer = new KafkaShareConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void run() {
        // What is not acknowledged by then is released by this close.
        try (consumer) {
            consumer.setAcknowledgementCommitCallback((offsets, error) -> {
                if (error != null) Lifecycle.log("not acknowledged", error);
            });
            consumer.subscribe(List.of(settings.queueTopic()));
            while (!finishing) {
                // Also sends the acknowledgement of the record before.
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) handle(record);
            }
        } catch (WakeupException | InterruptedException finished) {
            // As asked for.
        } catch (RuntimeException | ExecutionException error) {
            Lifecycle.log("a slot has ended", error);
            Runtime.getRuntime().halt(1);
        }
    }

    /** Takes no further record, and finishes the one in hand. */
    void finish() {
        finishing = true;
        consumer.wakeup();
    }

    void awaitEnd() {
        try {
            join(STOP_TIME.toMillis());
        } catch (InterruptedException interrupted) {
            currentThread().interrupt();
        }
    }

    /** A record that was renewed comes again. */
    private void handle(ConsumerRecord<byte[], byte[]> record) throws ExecutionException, InterruptedException {
        boolean isRenewed = inHand != null && inHand.partition == record.partition() && inHand.offset == record.offset();
        if (!isRenewed) {
            // Its lock was lost, so it is somebody else's now.
            if (inHand != null) inHand.outcome.cancel(true);
            inHand = new InHand(record.partition(), record.offset(), process(record));
        }
        int lockMs = consumer.acquisitionLockTimeoutMs().orElse(DEFAULT_LOCK_MS);
        AcknowledgeType outcome;
        try {
            outcome = inHand.outcome.get(lockMs / 2, TimeUnit.MILLISECONDS);
            inHand = null;
        } catch (TimeoutException stillAtWork) {
            outcome = AcknowledgeType.RENEW;
        }
        consumer.acknowledge(record, outcome);
    }

    private CompletableFuture<AcknowledgeType> process(ConsumerRecord<byte[], byte[]> record) {
        Optional<Job> job = Job.parse(record.value());
        if (job.isEmpty()) {
            return send(new ProducerRecord<>(settings.dlqTopic(), record.value())).thenApply(sent -> AcknowledgeType.REJECT);
        }
        ProducerRecord<String, byte[]> result = new ProducerRecord<>(settings.resultsTopic(), job.get().id(), job.get().result());
        return callUntilDone(job.get(), settings.retryDelay().toMillis())
                .thenCompose(answer -> send(result))
                .thenApply(sent -> AcknowledgeType.ACCEPT)
                .exceptionally(error -> {
                    Lifecycle.log("released", error);
                    return AcknowledgeType.RELEASE;
                });
    }

    /**
     * A group gives a record up after five deliveries, ten at most, which an outage uses up. So a call that fails is
     * made again with the record in hand and its lock renewed.
     */
    private CompletableFuture<Void> callUntilDone(Job job, long waitMs) {
        return llm.call(job).exceptionallyCompose(error -> {
            Lifecycle.log("tries again in " + waitMs + " ms", error);
            return new CompletableFuture<Void>()
                    .completeOnTimeout(null, waitMs, TimeUnit.MILLISECONDS)
                    .thenCompose(waited -> callUntilDone(job, Math.min(LONGEST_WAIT_MS, 2 * waitMs)));
        });
    }

    private CompletableFuture<Void> send(ProducerRecord<String, byte[]> record) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        results.send(record, (metadata, error) -> {
            if (error == null) sent.complete(null);
            else sent.completeExceptionally(error);
        });
        return sent;
    }
}
