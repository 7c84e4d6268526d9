package headway.bench;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.AsyncRetryStrategy;
import org.apache.flink.streaming.util.retryable.AsyncRetryStrategies.ExponentialBackoffDelayRetryStrategyBuilder;
import org.apache.flink.streaming.util.retryable.RetryPredicates;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Flink's asynchronous I/O: Kafka source, unordered asynchronous calls with retries, Kafka sink, checkpointed at least
 * once. Its `main` runs in the job manager of an application cluster. In reactive mode the job always has as many
 * instances as there are task managers, each of which is a consumer of the bench.
 */
public final class FlinkAsync {
    private FlinkAsync() {}

    public static void main(String[] args) throws Exception {
        Settings settings = Settings.fromEnvironment();
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration());
        build(environment, settings);
        environment.executeAsync("bench");
        Lifecycle.ready(() -> {});
    }

    private static void build(StreamExecutionEnvironment environment, Settings settings) {
        KafkaSource<byte[]> queue = KafkaSource.<byte[]>builder()
                .setBootstrapServers(settings.brokers())
                .setTopics(settings.queueTopic())
                .setGroupId(settings.groupId())
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setValueOnlyDeserializer(new FlinkBytes())
                .build();
        SingleOutputStreamOperator<Job> jobs = environment
                .fromSource(queue, WatermarkStrategy.noWatermarks(), "queue", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO)
                .process(new FlinkParse())
                .returns(TypeInformation.of(Job.class));
        String resultsTopic = settings.resultsTopic();
        String dlqTopic = settings.dlqTopic();
        jobs.getSideOutput(FlinkParse.POISON)
                .sinkTo(sink(settings, (value, context, timestamp) -> new ProducerRecord<>(dlqTopic, value)));
        AsyncDataStream.unorderedWaitWithRetry(
                        jobs,
                        new FlinkCall(settings),
                        // Of all attempts together: past it the job starts again from its last checkpoint.
                        10 * settings.llmTimeout().toMillis(),
                        TimeUnit.MILLISECONDS,
                        settings.slots(),
                        retries(settings))
                .sinkTo(sink(settings, (job, context, timestamp) ->
                        new ProducerRecord<>(resultsTopic, job.id().getBytes(StandardCharsets.UTF_8), job.result())));
    }

    private static AsyncRetryStrategy<Job> retries(Settings settings) {
        long delayMs = settings.retryDelay().toMillis();
        return new ExponentialBackoffDelayRetryStrategyBuilder<Job>(Integer.MAX_VALUE, delayMs, 5 * delayMs, 2.0)
                .ifException(RetryPredicates.HAS_EXCEPTION_PREDICATE)
                .build();
    }

    private static <T> KafkaSink<T> sink(Settings settings, KafkaRecordSerializationSchema<T> serializer) {
        return KafkaSink.<T>builder()
                .setBootstrapServers(settings.brokers())
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer(serializer)
                .build();
    }

    private static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, Settings.required("CHECKPOINT_DIR"));
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Settings.millis("CHECKPOINT_INTERVAL_MS", 1_000));
        configuration.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.AT_LEAST_ONCE);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, Integer.MAX_VALUE);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Settings.millis("RETRY_DELAY_MS", 1_000));
        return configuration;
    }
}
