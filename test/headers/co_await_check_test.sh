#!/bin/sh
#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# The co_await check finds every wrong line of the bad samples below and none of the good ones.
#
#   co_await_check_test.sh FOLDER     where the samples are written

set -eu
check=$(cd "$(dirname "$0")" && pwd)/co_await_check.sh
work=${1:?usage: co_await_check_test.sh FOLDER}
mkdir -p "$work"
failed=0

# Every sample is a file of its own. A line @bad or @good begins one; what follows is its text.
run() {
    want=$1
    sample=$2
    code=0
    said=$(sh "$check" "$sample" 2>&1) || code=$?
    if [ "$want" = good ]; then
        [ $code -eq 0 ] && [ -z "$said" ] && return
    else
        found=$(printf '%s\n' "$said" | grep -c 'inside a co_await') || true
        [ $code -eq 1 ] && [ "$found" -eq 1 ] && return
    fi
    echo "$want sample, but the check exited with $code and said '$said':"
    cat "$sample"
    failed=1
}

count=0
samples() {
    suffix=$1
    sample=
    want=
    while IFS= read -r line; do
        case $line in
        @good | @bad)
            [ -z "$sample" ] || run "$want" "$sample"
            want=${line#@}
            count=$((count + 1))
            sample=$work/sample_$count.$suffix
            : >"$sample"
            ;;
        *) printf '%s\n' "$line" >>"$sample" ;;
        esac
    done
    run "$want" "$sample"
}

samples cpp <<'END'
@bad
co_await tx.async_send(job{"x", std::move(p)});
@bad
auto r = co_await tx.async_send(job{.name = "x"}, use_awaitable);
@bad
co_await tx.async_send({1, 2});
@bad
co_await tx.async_send(
    first,
    std::vector<job>{a,
                     b});
@bad
co_await async_run([x] { return x; });
@bad
co_await async_run(ex, [&](int a) mutable { use(a); });
@bad
if (auto ec = co_await f(options{1})) { return; }
@bad
co_await f(a); co_await f(b{1});
@bad
while (true) { co_await f(job{1}); }
@bad
co_await
    f(job{1});
@good
job j{"x", std::move(p)};
co_await tx.async_send(std::move(j));
@good
// co_await tx.async_send(job{"x"});
/* co_await f(a{1}); co_await
   f(b{1}); */
log("co_await f(a{1})");
@good
co_spawn(ctx, [&]() -> awaitable<void> { co_await f(1); }, detached);
@good
if (co_await f(table[i])) { a{1}; }
while (co_await f()) { [x] {}; }
@good
for (auto v : co_await f(x[0](1))) {
    use(b{1});
}
@good
co_await async_run([](int a) { return a; });
co_await async_run([]() mutable noexcept -> awaitable<int> { co_return 1; });
@good
co_await tx.async_send(small{1});  // co_await_check: allow, it has a constructor
@good
co_await wait(1'000'000); char c = '{';
my_co_await(a{1});
END

samples md <<'END'
@bad
```cpp
co_await tx.async_send(job{1});
```
@good
Write `co_await tx.async_send(job{1})` never; the block
```cpp
co_await tx.async_send(std::move(j));
```
is right: {yes}.
END

[ $count -ge 20 ] || { echo "only $count samples were read"; failed=1; }
exit $failed
