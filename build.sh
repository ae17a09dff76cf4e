#!/usr/bin/env bash
# build | run | test | bench | pack: what they do is in eng/build.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! command -v dotnet > /dev/null; then
  echo "The .NET 10 SDK is needed and 'dotnet' is not on the PATH: https://dot.net" >&2
  exit 1
fi
if ! (cd "$root" && dotnet --version > /dev/null 2>&1); then
  echo "The .NET SDK 10.0.100 or newer is needed: https://dot.net. Installed:" >&2
  dotnet --list-sdks >&2
  exit 1
fi
exec dotnet run --project "$root/eng/build/build.csproj" --verbosity quiet -- "$@"
