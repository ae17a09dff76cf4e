@echo off
rem build | run | test | bench | pack: what they do is in eng\build.
setlocal
where dotnet >nul 2>nul
if errorlevel 1 (
  echo The .NET 10 SDK is needed and 'dotnet' is not on the PATH: https://dot.net>&2
  exit /b 1
)
pushd "%~dp0"
dotnet --version >nul 2>nul
if errorlevel 1 (
  popd
  echo The .NET SDK 10.0.100 or newer is needed: https://dot.net. Installed:>&2
  dotnet --list-sdks>&2
  exit /b 1
)
popd
dotnet run --project "%~dp0eng\build\build.csproj" --verbosity quiet -- %*
exit /b %errorlevel%
