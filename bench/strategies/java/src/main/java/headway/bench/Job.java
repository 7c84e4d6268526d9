package headway.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** What is read of a request, and written as its result. */
public record Job(String id, String question) {
    static final ObjectMapper JSON = new ObjectMapper();

    /** Empty for a record that is no job. */
    static Optional<Job> parse(byte[] value) {
        try {
            JsonNode request = JSON.readTree(value == null ? new byte[0] : value);
            if (!request.path("id").isTextual()) return Optional.empty();
            String question = request.path("input").path("question").asText();
            return Optional.of(new Job(request.path("id").asText(), question));
        } catch (IOException notJson) {
            return Optional.empty();
        }
    }

    /** The value of its record on the results topic; the key is its id. */
    byte[] result() {
        return toJson(Map.of("id", id, "status", "completed")).getBytes(StandardCharsets.UTF_8);
    }

    static String toJson(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }
}
