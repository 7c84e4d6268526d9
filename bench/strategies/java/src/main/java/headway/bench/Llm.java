package headway.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The slow part of a job. */
final class Llm {
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Settings settings;

    Llm(Settings settings) {
        this.settings = settings;
    }

    /** One call, held open until the answer is there. Fails when the provider is away or refuses. */
    CompletableFuture<Void> call(Job job) {
        String body = Job.toJson(Map.of(
                "model", "gpt-5",
                "input", job.question(),
                "metadata", Map.of("headway_job_id", job.id())));
        HttpRequest request = HttpRequest.newBuilder(URI.create(settings.llmUrl() + "/responses"))
                .header("content-type", "application/json")
                .header("authorization", "Bearer bench")
                .timeout(settings.llmTimeout())
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.sendAsync(request, BodyHandlers.ofString()).thenCompose(response -> {
            if (response.statusCode() < 300) return CompletableFuture.completedFuture(null);
            return CompletableFuture.failedFuture(
                    new IOException("The LLM answered " + response.statusCode() + ": " + response.body()));
        });
    }
}
