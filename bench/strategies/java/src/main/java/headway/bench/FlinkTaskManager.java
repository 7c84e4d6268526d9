package headway.bench;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.plugin.PluginUtils;
import org.apache.flink.runtime.taskexecutor.TaskExecutorResourceUtils;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;

/** A task manager with one slot of Flink's, which says when it runs an instance of the job. */
public final class FlinkTaskManager {
    private FlinkTaskManager() {}

    public static void main(String[] args) throws Exception {
        Lifecycle.begin();
        Configuration configuration = TaskManagerRunner.loadConfiguration(args);
        // Flink's shell script would work out how memory is divided; here only the heap is bounded.
        TaskExecutorResourceUtils.adjustForLocalExecution(configuration);
        Thread runner = new Thread(() -> run(configuration), "task-manager");
        runner.start();
        FlinkCall.OPENED.acquire();
        Lifecycle.ready(() -> {});
        runner.join();
        System.exit(0);
    }

    private static void run(Configuration configuration) {
        try {
            TaskManagerRunner.runTaskManager(configuration, PluginUtils.createPluginManagerFromRootFolder(configuration));
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }
}
