#!/bin/sh
# Creates the namespace with its retention, and registers the search attributes of contracts/search-attributes.ts.
# Returns when both can be used. A test compares the values with those of the local stack.
set -eu

retention=192h
attributes='
HeadwayJobIds=KeywordList
HeadwayPipelines=KeywordList
HeadwayTenants=KeywordList
HeadwayStatus=Keyword
HeadwayPartition=Keyword
HeadwayFirstOffset=Int
HeadwayLastOffset=Int
HeadwayJobCount=Int
HeadwayFailedCount=Double
'

# A new namespace is known to every part of the server only some seconds later.
retry() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -ge "${MAX_TRIES:-30}" ]; then
      echo "gave up after $tries tries: $*" >&2
      exit 1
    fi
    sleep "${SECONDS_BETWEEN_TRIES:-2}"
  done
}

has_namespace() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

set_namespace() {
  if has_namespace; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
  else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
  fi
}

has_attribute() {
  temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" | grep -qw -- "$1"
}

set_attribute() {
  has_attribute "$1" ||
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type "$2"
}

retry set_namespace
for attribute in $attributes; do
  retry set_attribute "${attribute%=*}" "${attribute#*=}"
  retry has_attribute "${attribute%=*}"
done
echo "namespace $TEMPORAL_NAMESPACE is ready"
