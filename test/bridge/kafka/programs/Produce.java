import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes records with Kafka's own client. Takes brokers and topic, and on standard input lines of a mode, a space, and a value in
 * hexadecimal. Modes are the codecs, and `commit` and `abort` for records of a transaction. Lines of one mode that follow each other
 * make one batch. Prints the offset of each record.
 */
class Produce {
  public static void main(String[] args) throws Exception {
    String mode = null;
    List<byte[]> values = new ArrayList<>();
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] parts = line.split(" ");
      if (!parts[0].equals(mode)) write(args, mode, values);
      mode = parts[0];
      values.add(HexFormat.of().parseHex(parts[1]));
    }
    write(args, mode, values);
  }

  private static void write(String[] args, String mode, List<byte[]> values) throws Exception {
    if (values.isEmpty()) return;
    boolean transaction = mode.equals("commit") || mode.equals("abort");
    var properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("compression.type", transaction ? "none" : mode);
    properties.put("linger.ms", "100");
    properties.put("batch.size", "1000000");
    if (transaction) properties.put("transactional.id", UUID.randomUUID().toString());
    var bytes = new ByteArraySerializer();
    try (var producer = new KafkaProducer<>(properties, bytes, bytes)) {
      if (transaction) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      var sent = values.stream().map(value -> producer.send(recordOf(args[1], mode, value))).toList();
      producer.flush();
      for (var one : sent) System.out.println(one.get().offset());
      if (mode.equals("commit")) producer.commitTransaction();
      if (mode.equals("abort")) producer.abortTransaction();
    }
    values.clear();
  }

  private static ProducerRecord<byte[], byte[]> recordOf(String topic, String mode, byte[] value) {
    var record = new ProducerRecord<byte[], byte[]>(topic, value);
    record.headers().add("mode", mode.getBytes()).add("none", null).add("again", new byte[] {1}).add("again", null);
    return record;
  }
}
