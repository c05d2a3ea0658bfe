@echo off
rem Build Limbeck when there is no build yet, then run it; limbeck shell opens JShell with everything imported. Needs a JDK
rem (17 or later) and Maven (3.8 or later) on the PATH. Delete cli\target to have it built anew.
setlocal EnableDelayedExpansion
set "root=%~dp0.."
set "program=%root%\cli\target\limbeck-cli-0.1.0.jar"
set "java=java"
set "jshell=jshell"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
if defined JAVA_HOME set "jshell=%JAVA_HOME%\bin\jshell"

if not exist "%program%" (
  echo limbeck: building, on first use a few minutes, mostly downloads 1>&2
  call mvn -q -B -f "%root%\pom.xml" -pl cli -am package -DskipTests || exit /b 1
)

set "flags=-Djava.awt.headless=true -Dfile.encoding=UTF-8 -XX:+UseSerialGC"
for /f "tokens=3" %%v in ('""%java%" -version 2>&1" ^| findstr /i version') do set "version=%%~v"
for /f "tokens=1 delims=." %%v in ("%version%") do set "major=%%v"
if %major% geq 22 set "flags=%flags% --enable-native-access=ALL-UNNAMED"
if %major% geq 24 set "flags=%flags% --sun-misc-unsafe-memory-access=allow"

if /i "%~1"=="shell" (
  rem JShell knows no wildcards in a class path.
  set "jars=%program%"
  for %%j in ("%root%\cli\target\lib\*.jar") do set "jars=!jars!;%%j"
  "%jshell%" --class-path "!jars!" --startup "%root%\bin\shell.jsh"
  exit /b
)
"%java%" %flags% %LIMBECK_JAVA_OPTS% -cp "%program%;%root%\cli\target\lib\*" dev.limbeck.cli.Main %*
