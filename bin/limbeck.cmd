@echo off
rem Run Limbeck; limbeck shell opens JShell with everything imported. The jars of a release are in lib\, beside bin\, and need
rem Java 17 or later. Without lib\, this is a source tree: what changed is built first, with a JDK and Maven (3.8 or later)
rem on the PATH, and LIMBECK_BUILD=no runs what is there.
setlocal DisableDelayedExpansion
set "root=%~dp0.."
set "lib=%root%\lib"
set "java=java"
set "jshell=jshell"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
if defined JAVA_HOME set "jshell=%JAVA_HOME%\bin\jshell"
rem An empty part of a class path would be the current folder.
set "more="
if defined LIMBECK_CLASSPATH set "more=;%LIMBECK_CLASSPATH%"
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=passive"

rem Written after a build that succeeded, so that neither half a build nor an old one is run.
set "built=%root%\cli\target\built"
set "stale="
if exist "%root%\lib\" goto built
set "lib=%root%\cli\target\lib"
if /i not "%LIMBECK_BUILD%"=="no" call :look
if defined stale (
  where /q mvn || (echo limbeck: no mvn found; install Maven 3.8 or later 1>&2 & exit /b 1)
  echo limbeck: building, on first use a few minutes, mostly downloads 1>&2
  call mvn -q -B -f "%root%\pom.xml" -pl cli -am package -DskipTests 1>&2 || exit /b 1
  type nul > "%built%"
)

:built
set "flags=-Djava.awt.headless=true -Dfile.encoding=UTF-8 -XX:+UseSerialGC -XX:InitialRAMPercentage=0.3"
set "version="
rem The outer quotes are for the cmd that runs this line: it removes them.
for /f "tokens=3" %%v in ('^""%java%" -version 2^>^&1 ^| findstr /c:" version "^"') do if not defined version set "version=%%~v"
if not defined version (
  echo limbeck: no java found; install a JDK 17 or later 1>&2
  exit /b 1
)
for /f "tokens=1 delims=.-+" %%v in ("%version%") do set "major=%%v"
if %major% lss 17 goto old
if %major% geq 22 set "flags=%flags% --enable-native-access=ALL-UNNAMED"
if %major% geq 24 set "flags=%flags% --sun-misc-unsafe-memory-access=allow"

if /i "%~1"=="shell" goto shell
"%java%" %flags% -Xlog:disable -Xlog:all=error:stderr %LIMBECK_JAVA_OPTS% -cp "%lib%\*%more%" dev.limbeck.cli.Main %*
exit /b

:old
echo limbeck: found Java %version%, install Java 17 or later (JAVA_HOME) 1>&2
exit /b 1

:look
rem Say whether something that the program is made of changed since; cmd itself cannot compare times.
if not exist "%built%" set "stale=yes"
if defined stale exit /b
setlocal EnableDelayedExpansion
set "parts='%root%\pom.xml'"
for %%m in (image core report predict tokenizers export xgboost distributed cli) do set "parts=!parts!,'%root%\%%m\pom.xml','%root%\%%m\src\main'"
powershell -NoProfile -Command "$built = (Get-Item '%built%').LastWriteTime; if (Get-ChildItem -Recurse -File -Path !parts! | Where-Object { $_.LastWriteTime -gt $built }) { exit 1 }"
if errorlevel 1 (endlocal & set "stale=yes") else endlocal
exit /b

:shell
rem JShell knows no wildcards in a class path, and starts a Java of its own, which takes each flag by itself.
set "flags=-Dlimbeck.log=INFO %flags%"
if defined LIMBECK_JAVA_OPTS set "flags=%flags% %LIMBECK_JAVA_OPTS%"
set "remote=-R%flags: = -R%"
setlocal EnableDelayedExpansion
set "jars="
for %%j in ("!lib!\*.jar") do if defined jars (set "jars=!jars!;%%j") else set "jars=%%j"
"!jshell!" !remote! --class-path "!jars!%more%" --startup "!root!\bin\shell.jsh" %2 %3 %4 %5 %6 %7 %8 %9
