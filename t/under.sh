# How t/run starts httpd when WF_UNDER names a tool that looks on: asan, tsan, valgrind or
# coverage. Sourced by t/run, which has $dir; sets WF_HTTPD to a program that starts the real
# one, WF_SLOW to how much longer everything may take, and what the tools read from the
# environment. What they find lies in $dir/reports, a file a process. WF_APR may name the
# libapr-1.so.0 of apr-debug.sh.
#
# httpd itself is not built for a sanitizer, the module is: its runtime is loaded first.

reports=$dir/reports
mkdir "$reports"
chmod 1777 "$reports" # children and engine have another user than the parent
cp t/conf/*.supp "$dir/bin/"

runtime() {
    for name in "$@"; do
        ${CC:-gcc} -print-file-name="$name"
    done | xargs -n1 realpath | tr '\n' ' '
}

# An httpd with a word before it and directives behind it.
make_httpd() {
    cat >"$dir/bin/httpd" <<END
#!/bin/sh
$1 exec $2 $WF_HTTPD $3 "\$@"
END
    chmod 755 "$dir/bin/httpd"
    WF_HTTPD=$dir/bin/httpd
    export HTTPD="$WF_HTTPD" # what conf/demo/run and the command start
}

# A copy of what is named, as httpd's user may not reach the place where it was made.
if [ -n "${WF_APR-}" ]; then
    cp "$WF_APR" "$dir/bin/"
    export LD_LIBRARY_PATH="$dir/bin"
fi

case $WF_UNDER in
asan)
    # A child of httpd may be looked into, for leaks, with CoreDumpDirectory alone: without
    # it a process that has changed its user may not.
    make_httpd "LD_PRELOAD='$(runtime libasan.so libubsan.so)'" '' "-c 'CoreDumpDirectory $reports'"
    export ASAN_OPTIONS="log_path=$reports/report:detect_stack_use_after_return=1"
    export LSAN_OPTIONS="print_suppressions=0" # those are the program's own
    export UBSAN_OPTIONS="log_path=$reports/report:print_stacktrace=1"
    : "${WF_SLOW:=4}"
    ;;
tsan)
    # Prefork's children end within their signal's handler, all cleanups and libraries' ends
    # with them: httpd's way, thousands of reports.
    make_httpd "LD_PRELOAD='$(runtime libtsan.so)'" '' ''
    export TSAN_OPTIONS="log_path=$reports/report:suppressions=$dir/bin/tsan.supp:history_size=4:second_deadlock_stack=1:report_signal_unsafe=0"
    : "${WF_SLOW:=8}"
    ;;
valgrind)
    # The engine is another program: the sanitizers look at it, faster.
    make_httpd '' "valgrind -q --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --num-callers=40 --trace-children=no --log-file=$reports/report.%p --suppressions=$dir/bin/valgrind.supp" ''
    : "${WF_SLOW:=20}"
    ;;
coverage)
    # Each process adds its counts to the files when it ends, whoever it runs as: to a copy,
    # as the build may lie where httpd's user cannot go. t/run brings them back.
    export GCOV_PREFIX="$dir/gcov"
    find "$build" -name '*.gcno' | sed 's/\.gcno$//' | while read -r object; do
        mkdir -p "$GCOV_PREFIX${object%/*}"
        cat "$object.gcda" >"$GCOV_PREFIX$object.gcda" 2>/dev/null || :
    done
    chmod -R a+rwX "$GCOV_PREFIX"
    ;;
*)
    echo "WF_UNDER: asan, tsan, valgrind or coverage, not $WF_UNDER" >&2
    exit 2
    ;;
esac
export WF_SLOW
