package headway.bench;

import java.io.Serializable;
import java.time.Duration;

/** What a consumer is told by its environment. */
record Settings(
        String brokers,
        String queueTopic,
        String resultsTopic,
        String dlqTopic,
        String groupId,
        /** Ends with /v1. */
        String llmUrl,
        /** Jobs at a time in this process. */
        int slots,
        Duration llmTimeout,
        /** From a failed attempt to the next. */
        Duration retryDelay)
        implements Serializable {

    static Settings fromEnvironment() {
        return new Settings(
                required("KAFKA_BROKERS"),
                required("QUEUE_TOPIC"),
                required("RESULTS_TOPIC"),
                required("DLQ_TOPIC"),
                required("GROUP_ID"),
                required("LLM_URL"),
                Integer.parseInt(required("SLOTS")),
                millis("LLM_TIMEOUT_MS", 120_000),
                millis("RETRY_DELAY_MS", 1_000));
    }

    static String required(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) throw new IllegalArgumentException(name + " is not set.");
        return value;
    }

    static Duration millis(String name, long otherwise) {
        String value = System.getenv(name);
        return Duration.ofMillis(value == null || value.isEmpty() ? otherwise : Long.parseLong(value));
    }
}
