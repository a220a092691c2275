#!/bin/sh
# RUSTC_WORKSPACE_WRAPPER of `cargo xtask fuzz`: the compiler, told to have the code of this repository tell libFuzzer where
# it has been. Other crates are compiled as for every test, and once. The flags are those of cargo-fuzz.
case " $* " in
*" --crate-name build_script_"*) exec "$@" ;;
esac
exec "$@" --cfg fuzzing -C opt-level=1 -C passes=sancov-module \
    -C llvm-args=-sanitizer-coverage-level=4 \
    -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
    -C llvm-args=-sanitizer-coverage-pc-table \
    -C llvm-args=-sanitizer-coverage-trace-compares
