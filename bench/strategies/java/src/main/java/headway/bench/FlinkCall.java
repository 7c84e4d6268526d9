package headway.bench;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;

/** One job's call. A job that fails is tried again by the operator this runs in. */
final class FlinkCall extends RichAsyncFunction<Job, Job> {
    /** A permit for each instance that was opened. */
    static final Semaphore OPENED = new Semaphore(0);

    private final Settings settings;
    private transient Llm llm;
    private transient Set<String> inHand;

    FlinkCall(Settings settings) {
        this.settings = settings;
    }

    @Override
    public void open(OpenContext context) {
        llm = new Llm(settings);
        inHand = ConcurrentHashMap.newKeySet();
        getRuntimeContext().getMetricGroup().gauge("jobsInHand", inHand::size);
        OPENED.release();
    }

    @Override
    public void asyncInvoke(Job job, ResultFuture<Job> result) {
        inHand.add(job.id());
        llm.call(job).whenComplete((answer, error) -> {
            if (error == null) {
                inHand.remove(job.id());
                result.complete(Set.of(job));
            } else {
                Lifecycle.log("an attempt failed", error);
                result.completeExceptionally(error);
            }
        });
    }
}
