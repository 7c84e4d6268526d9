package headway.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.config.ConfigResource;

/**
 * A Kafka share group (KIP-932). A share consumer hands out nothing new while one of its records is being renewed, and
 * its documentation calls a thread for each consumer the most straightforward way: so each slot is a consumer of its
 * own that takes one record at a time.
 */
public final class ShareGroup {
    private ShareGroup() {}

    public static void main(String[] args) throws Exception {
        Lifecycle.begin();
        Settings settings = Settings.fromEnvironment();
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.brokers()))) {
            if (args.length > 0 && args[0].equals("held")) {
                System.out.println(held(admin, settings));
                return;
            }
            configureGroup(admin, settings);
            run(admin, settings);
        }
    }

    private static void run(Admin admin, Settings settings) throws Exception {
        Llm llm = new Llm(settings);
        KafkaProducer<String, byte[]> results = Clients.producer(settings);
        String clientId = "slots-of-" + ProcessHandle.current().pid() + "-";
        List<ShareGroupSlot> slots = new ArrayList<>();
        for (int index = 0; index < settings.slots(); index++) {
            slots.add(new ShareGroupSlot(clientId + index, settings, llm, results));
        }
        slots.forEach(Thread::start);
        while (assigned(admin, settings, clientId) < slots.size()) Thread.sleep(100);
        Lifecycle.ready(() -> {
            slots.forEach(ShareGroupSlot::finish);
            slots.forEach(ShareGroupSlot::awaitEnd);
            results.close(Duration.ofSeconds(1));
        });
        for (ShareGroupSlot slot : slots) slot.join();
    }

    /** A group starts at the end of its topics unless it is told otherwise, and only before it has started. */
    private static void configureGroup(Admin admin, Settings settings) throws Exception {
        List<AlterConfigOp> changes = new ArrayList<>();
        changes.add(set("share.auto.offset.reset", "earliest"));
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, settings.groupId());
        admin.incrementalAlterConfigs(Map.of(group, changes)).all().get();
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    private static long assigned(Admin admin, Settings settings, String clientId) throws Exception {
        try {
            return admin.describeShareGroups(List.of(settings.groupId())).all().get().get(settings.groupId()).members().stream()
                    .filter(member -> member.clientId().startsWith(clientId))
                    .filter(member -> !member.assignment().topicPartitions().isEmpty())
                    .count();
        } catch (ExecutionException notThereYet) {
            return 0;
        }
    }

    /** How many records the group has neither accepted nor given up. */
    private static long held(Admin admin, Settings settings) throws Exception {
        Map<String, ListShareGroupOffsetsSpec> all = Map.of(settings.groupId(), new ListShareGroupOffsetsSpec());
        return admin.listShareGroupOffsets(all).partitionsToOffsetInfo(settings.groupId()).get().values().stream()
                .mapToLong(ShareGroup::lag)
                .sum();
    }

    private static long lag(SharePartitionOffsetInfo partition) {
        return partition == null ? 0 : partition.lag().orElse(0L);
    }
}
