package headway.bench;

import java.io.IOException;

/** How every program starts and ends. */
final class Lifecycle {
    private Lifecycle() {}

    /** Call it first: an error that nobody catches is one line, and the end of the process. */
    static void begin() {
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            log(thread.getName() + " failed", error);
            Runtime.getRuntime().halt(1);
        });
    }

    /**
     * Says that this process consumes. From then on it ends, by `stop`, when it is told to (SIGTERM), or when the
     * process that started it is gone.
     */
    static void ready(Runnable stop) {
        Runtime.getRuntime().addShutdownHook(new Thread(stop, "stop"));
        Thread parent = new Thread(Lifecycle::waitForEndOfInput, "parent");
        parent.setDaemon(true);
        parent.start();
        System.out.println("ready");
    }

    /** A problem, as one line. */
    static void log(String what, Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null) cause = cause.getCause();
        System.err.println(what + ": " + String.valueOf(cause).replace('\n', ' '));
    }

    private static void waitForEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // Nobody says anything here.
            }
        } catch (IOException closed) {
            // The same.
        }
        System.exit(0);
    }
}
