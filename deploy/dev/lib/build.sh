# shellcheck shell=bash
# Builds the portal and its migrations into .data/build; nothing is built again while the sources are the same.

BUILD=$STATE/build

# The command line needs neither a greeting nor the machine's language, and leaves no build server behind.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_CLI_UI_LANGUAGE=en
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
# The lock files pin every package by its hash. Asking certificate authorities about each as well takes minutes where they cannot be reached.
export NUGET_CERT_REVOCATION_MODE=${NUGET_CERT_REVOCATION_MODE:-offline}

find_dotnet() {
  local place
  DOTNET=$(command -v dotnet || true)
  for place in "${DOTNET_ROOT:-/usr/share/dotnet}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet /opt/dotnet; do
    if [ -z "$DOTNET" ] && [ -x "$place/dotnet" ]; then DOTNET=$place/dotnet; fi
  done
  [ -n "$DOTNET" ] || fail "The .NET 10 SDK is not installed, or 'dotnet' is not on PATH." "See https://dotnet.microsoft.com/download/dotnet/10.0"
  DOTNET=$(readlink -f -- "$DOTNET")
}

require_sdk() {
  "$DOTNET" --list-sdks 9>&- | grep -q '^10\.' ||
    fail "The .NET 10 SDK is not installed ($DOTNET has: $("$DOTNET" --list-sdks 9>&- | cut -d' ' -f1 | xargs))." \
      "See https://dotnet.microsoft.com/download/dotnet/10.0"
}

# Names and contents of everything that goes into the build; times would not do, since restoring rewrites lock files as they were.
source_stamp() {
  (
    cd -- "$ROOT" || exit
    readlink -f -- "$DOTNET"
    # Not every one of these exists.
    { find src migrations wwwroot deploy/catalog Directory.*.props ./*.config global.json BannedSymbols.txt .editorconfig \
      -type d \( -name bin -o -name obj \) -prune -o -type f -print0 2>/dev/null || true; } | sort -z | xargs -0 sha256sum
  ) | sha256sum
}

publish() {
  local project=$1 folder=$BUILD/$2
  rm -rf -- "$folder.new"
  if ! "$DOTNET" publish "$ROOT/$project" -c Release -o "$folder.new" --nologo -v quiet -p:UseSharedCompilation=false </dev/null >"$STATE/build.log" 2>&1 9>&-; then
    { grep -E 'error|warning' "$STATE/build.log" || cat "$STATE/build.log"; } | sed 's/ \[[^]]*\]$//' | sort -u | head -n 40 >&2 || true
    fail "" "Building $project failed; everything it said: $STATE/build.log"
  fi
  rm -rf -- "$folder"
  mv -- "$folder.new" "$folder"
}

build_portal() {
  local stamp
  stamp=$(source_stamp)
  if [ -s "$BUILD/stamp" ] && [ "$(<"$BUILD/stamp")" = "$stamp" ]; then return 0; fi
  require_sdk
  say "Building the portal."
  mkdir -p -- "$BUILD"
  rm -f -- "$BUILD/stamp"
  publish migrations/Portal.Migrations.csproj migrations
  publish src/Portal.Web/Portal.Web.csproj portal
  printf '%s\n' "$stamp" >"$BUILD/stamp"
}
