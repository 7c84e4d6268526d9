package headway.bench;

import java.util.Optional;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Records that are no jobs leave by a side output, as Flink's documentation has it. */
final class FlinkParse extends ProcessFunction<byte[], Job> {
    static final OutputTag<byte[]> POISON =
            new OutputTag<>("poison", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

    @Override
    public void processElement(byte[] value, Context context, Collector<Job> jobs) {
        Optional<Job> job = Job.parse(value);
        if (job.isPresent()) jobs.collect(job.get());
        else context.output(POISON, value);
    }
}
