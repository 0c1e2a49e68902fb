# Writes Prometheus' configuration from the environment and becomes Prometheus, in an image that has a shell and no Python. Arguments are handed on.
# The kubelet asks whether it is ready without a credential: on a cluster Prometheus asks for none, and the network policy keeps others away.
set -eu
umask 077
token=$SCRAPE_TOKEN
unset SCRAPE_TOKEN PORTAL_PROXY_TOKEN
printf %s "$token" > "$HOME/access-token"
# PT1M30S is 1m30s here.
interval=$(printf %s "${SCRAPE_INTERVAL#PT}" | tr HMS hms)
portal=${PORTAL_URL%/}
{
  cat <<END
global: {scrape_interval: $interval, evaluation_interval: $interval}
scrape_configs:
  - job_name: portal
    scheme: ${portal%%://*}
    static_configs: [{targets: ["${portal#*://}"]}]
END
  if [ -n "$token" ]; then
    cat <<END
  - job_name: workloads
    authorization: &access {type: Bearer, credentials_file: $HOME/access-token}
    http_sd_configs: [{url: "$portal/api/v1/discovery/prometheus", authorization: *access, refresh_interval: 30s}]
END
  fi
} > "$HOME/prometheus.yml"
exec prometheus "--config.file=$HOME/prometheus.yml" "$@"
