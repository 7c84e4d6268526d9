package headway.bench;

import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** For results. Idempotent and acknowledged by all replicas, as is the default of Kafka's own client. */
final class Clients {
    private Clients() {}

    static KafkaProducer<String, byte[]> producer(Settings settings) {
        return new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.brokers()),
                new StringSerializer(),
                new ByteArraySerializer());
    }
}
