#!/usr/bin/env bash
# Creates the three topics; topics that exist stay as they are. A test compares the values with those of the local stack.
set -eu

day=$((24 * 60 * 60 * 1000))
mebibyte=$((1024 * 1024))

# A broker that has just started may refuse for a moment.
create() {
  local topic=$1 partitions=$2 retention_ms=$3 max_bytes=$4 tries=0
  until "${KAFKA_BIN:-/opt/kafka/bin}/kafka-topics.sh" --bootstrap-server "$BOOTSTRAP_SERVER" \
    --create --if-not-exists --topic "$topic" --partitions "$partitions" \
    --replication-factor 1 --config "retention.ms=$retention_ms" --config "max.message.bytes=$max_bytes"; do
    tries=$((tries + 1))
    if ((tries >= ${MAX_TRIES:-10})); then
      echo "topic $topic could not be created" >&2
      exit 1
    fi
    sleep "${SECONDS_BETWEEN_TRIES:-2}"
  done
}

create "$QUEUE_TOPIC" "$PARTITIONS" $((7 * day)) $((32 * mebibyte))
create "$RESULTS_TOPIC" "$PARTITIONS" $((7 * day)) $((32 * mebibyte))
# A person has to look at dead letters. Each is its record and some headers more.
create "$DLQ_TOPIC" 3 $((30 * day)) $((33 * mebibyte))
