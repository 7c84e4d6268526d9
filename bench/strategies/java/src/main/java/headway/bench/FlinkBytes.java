package headway.bench;

import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;

/** A record's value as it is. */
final class FlinkBytes extends AbstractDeserializationSchema<byte[]> {
    @Override
    public byte[] deserialize(byte[] value) {
        return value;
    }
}
